"""``python -m bot.cli``: the same as ``concord``."""

from bot.cli import main

main()

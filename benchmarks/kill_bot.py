"""Concord with waits of tenths of a second, for whoever kills it and will not wait two minutes for a lease to end."""

import signal
import sys

from bot import logs, process
from bot.process import Connection
from bot.sender.settings import Rate, SenderSettings
from storage.engine import open_store

QUICK = SenderSettings(
    poll=0.1,
    breath=0.01,
    call_timeout=2.0,
    late_effect=0.5,
    lease=4.0,
    retry_base=0.1,
    retry_cap=1.0,
    mend_every=1.0,
    picture_poll=0.1,
    place=Rate(0.0),
    rates={},
)


def main(url: str, api_url: str, bot_token: str, app_token: str) -> None:
    """Run until a signal."""
    logs.set_up()
    process.start(open_store(url), Connection(bot_token, api_url, app_token), sender_settings=QUICK)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])

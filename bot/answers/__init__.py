"""Carrying out what handlers answered, after the acknowledgement: cards, words, modals, Home.

Read ``carrier`` for what happens to an answer, ``lines`` for how answers to one message stay in order.
"""

from bot.answers.carrier import Carrier
from bot.answers.drawing import Drawing, Drawn
from bot.answers.pace import Pace

__all__ = ["Carrier", "Drawing", "Drawn", "Pace"]

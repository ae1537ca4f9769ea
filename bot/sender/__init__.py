"""The sender: what workflow put into the outbox is said in Slack, once each, and kept where it cannot be said."""

from bot.sender.drawing import Attachment, Draw, Drawn, Picture, VersionOf
from bot.sender.sender import Sender
from bot.sender.settings import Rate, SenderSettings

__all__ = ["Attachment", "Draw", "Drawn", "Picture", "Rate", "Sender", "SenderSettings", "VersionOf"]

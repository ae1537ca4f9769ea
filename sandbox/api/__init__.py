"""The Web API: one function per method, gathered by ``registry``; everything else is ``unknown_method``."""

from sandbox.api import apps, chat, conversations, extras, files, people, views

__all__ = ["apps", "chat", "conversations", "extras", "files", "people", "views"]

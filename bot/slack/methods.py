"""What Slack asks of a bot token for each method that is called and each event that is heard.

Source: the page of each method and each event at docs.slack.dev. Where a page names one scope for each sort of
conversation, those that Concord meets stand here: public and private channels, direct messages. A test holds these tables
to the code: nothing that is called is missing, nothing that is not called is here.
"""

METHODS: dict[str, tuple[str, ...]] = {
    "apps.connections.open": (),
    "auth.test": (),
    "bots.info": ("users:read",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "pins.add": ("pins:write",),
    "pins.remove": ("pins:write",),
    "users.list": ("users:read", "users:read.email"),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""Scopes of the bot token by method. ``apps.connections.open`` takes the app-level token, with ``connections:write``."""

EVENTS: dict[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "channel_archive": ("channels:read",),
    "channel_id_changed": ("channels:read", "groups:read"),
    "channel_left": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "file_shared": ("files:read",),
    "group_archive": ("groups:read",),
    "group_left": ("groups:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "user_change": ("users:read",),
}
"""Scopes by event. The manifest subscribes to exactly these."""

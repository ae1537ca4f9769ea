"""The workspace in memory, every change of it also put into the store."""

import bisect
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from sandbox import ids
from sandbox.store import Store
from sandbox.things import App, Channel, File, Hook, Message, User, View

KINDS: dict[str, Any] = {
    "user": User,
    "channel": Channel,
    "message": Message,
    "view": View,
    "file": File,
    "hook": Hook,
}


class Workspace:
    """All state of one team with one app. Knows no HTTP; announces nothing: callers do."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = Store(directory / "workspace.sqlite")
        self.clock = ids.Clock()
        self.team: dict[str, Any] = {}
        self.app: App | None = None
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self.order: dict[str, list[str]] = defaultdict(list)
        self.threads: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.pins: dict[str, set[str]] = defaultdict(set)
        self.ephemerals: dict[tuple[str, str], dict[str, Message]] = defaultdict(dict)
        self.views: dict[str, View] = {}
        self.homes: dict[str, str] = {}
        self.modals: dict[str, list[str]] = defaultdict(list)
        self.files: dict[str, File] = {}
        self.hooks: dict[str, Hook] = {}
        self.read: dict[tuple[str, str], str] = {}
        self.bookmarks: list[dict[str, Any]] = []
        self._load()

    # -- at the start ------------------------------------------------------------------------------------------

    def _load(self) -> None:
        for row in self.store.all("team"):
            self.team = row
        for row in self.store.all("app"):
            self.app = App(**row)
        self.users = {row["id"]: User(**row) for row in self.store.all("user")}
        self.channels = {row["id"]: Channel(**row) for row in self.store.all("channel")}
        self.files = {row["id"]: File(**row) for row in self.store.all("file")}
        for row in self.store.all("message"):
            self._index(Message(**row))
        for row in self.store.all("view"):
            self._index_view(View(**row))
        self._stack_modals()
        self.read = {(row["user"], row["channel"]): row["ts"] for row in self.store.all("read")}
        self.bookmarks = list(self.store.all("bookmark"))
        now = time.time()
        for row in self.store.all("hook"):
            if row["expires"] > now:
                self.hooks[row["key"]] = Hook(**row)
            else:
                self.store.drop("hook", row["key"])
        self.store.flush()

    def _stack_modals(self) -> None:
        """Modals that were open stay open, each on the one it was pushed from."""

        def depth(view: View) -> int:
            below = self.views.get(view.previous or "")
            return 1 + depth(below) if below else 0

        for view in sorted((view for view in self.views.values() if view.kind == "modal"), key=depth):
            self.modals[view.user].append(view.id)

    def _index(self, message: Message) -> None:
        self.clock.passed(message.ts)
        self.messages[message.channel][message.ts] = message
        if message.pinned:
            self.pins[message.channel].add(message.ts)
        if message.thread_ts and message.thread_ts != message.ts:
            bisect.insort(self.threads[message.channel, message.thread_ts], message.ts)
        else:
            bisect.insort(self.order[message.channel], message.ts)

    def _index_view(self, view: View) -> None:
        self.views[view.id] = view
        if view.kind == "home":
            self.homes[view.user] = view.id

    # -- the app -----------------------------------------------------------------------------------------------

    @property
    def bot(self) -> App:
        """The app; the seed always makes one before anything asks."""
        if self.app is None:
            raise LookupError("the workspace has no app yet")
        return self.app

    def is_bot(self, user: str) -> bool:
        """Whether this is the app's own bot user."""
        return self.app is not None and user == self.app.user_id

    # -- people and conversations ------------------------------------------------------------------------------

    def save(self, kind: str, key: str, thing: Any) -> None:
        """Keep a changed thing."""
        self.store.put(kind, key, thing)

    def save_user(self, user: User) -> None:
        """Keep a person, new or changed."""
        user.updated = int(time.time())
        self.users[user.id] = user
        self.store.put("user", user.id, user)

    def save_channel(self, channel: Channel) -> None:
        """Keep a conversation, new or changed."""
        self.channels[channel.id] = channel
        self.store.put("channel", channel.id, channel)

    def rename_channel(self, channel: Channel, new: str) -> None:
        """Give a conversation another id; messages, files and what was read follow."""
        old, channel.id = channel.id, new
        self.store.drop("channel", old)
        del self.channels[old]
        self.save_channel(channel)
        for message in self.messages.pop(old, {}).values():
            self.store.drop("message", f"{old}/{message.ts}")
            message.channel = new
            self.messages[new][message.ts] = message
            self.save_message(message)
        self.order[new] = self.order.pop(old, [])
        self.pins[new] = self.pins.pop(old, set())
        for thread in [key for key in self.threads if key[0] == old]:
            self.threads[new, thread[1]] = self.threads.pop(thread)
        for _, user in [key for key in self.ephemerals if key[0] == old]:
            self.ephemerals[new, user] = self.ephemerals.pop((old, user))
        for user, _ in [key for key in self.read if key[1] == old]:
            self.store.drop("read", f"{user}/{old}")
            self.read[user, new] = self.read.pop((user, old))
            self.store.put("read", f"{user}/{new}", {"user": user, "channel": new, "ts": self.read[user, new]})
        for file in self.files.values():
            for share in file.shares:
                share["channel"] = new if share["channel"] == old else share["channel"]
            self.save_file(file)
        for hook in self.hooks.values():
            hook.channel = new if hook.channel == old else hook.channel

    def dm(self, user: str, other: str) -> Channel:
        """The direct message of two people, made when it is missing."""
        channel_id = ids.stable("D", *sorted((user, other)))
        if channel_id not in self.channels:
            made = Channel(id=channel_id, name="", kind="im", members=[user, other], created=int(time.time()))
            self.save_channel(made)
        return self.channels[channel_id]

    def user_named(self, name: str) -> User | None:
        """Somebody by name or id."""
        wanted = name.removeprefix("@")
        return self.users.get(wanted) or next((u for u in self.users.values() if u.name == wanted), None)

    def channel_named(self, name: str) -> Channel | None:
        """A channel by name or id."""
        wanted = name.removeprefix("#")
        by_name = (c for c in self.channels.values() if c.kind == "channel" and c.name == wanted)
        return self.channels.get(wanted) or next(by_name, None)

    # -- messages ----------------------------------------------------------------------------------------------

    def add_message(self, message: Message) -> Message:
        """Keep a new message; an ephemeral one in memory only, as Slack keeps none."""
        if message.only_for:
            self.ephemerals[message.channel, message.only_for][message.ts] = message
            return message
        self._index(message)
        self.save_message(message)
        return message

    def save_message(self, message: Message) -> None:
        """Keep a changed message."""
        if not message.only_for:
            self.store.put("message", f"{message.channel}/{message.ts}", message)

    def pin(self, message: Message, *, pinned: bool) -> None:
        """Pin a message to its conversation, or take it down."""
        message.pinned = pinned
        here = self.pins[message.channel]
        (here.add if pinned else here.discard)(message.ts)
        self.save_message(message)

    def drop_message(self, message: Message) -> None:
        """Delete a message; its replies stay."""
        if message.only_for:
            self.ephemerals[message.channel, message.only_for].pop(message.ts, None)
            return
        del self.messages[message.channel][message.ts]
        self.pins[message.channel].discard(message.ts)
        in_thread = message.thread_ts and message.thread_ts != message.ts
        listed = self.threads[message.channel, message.thread_ts or ""] if in_thread else self.order[message.channel]
        place = bisect.bisect_left(listed, message.ts)
        if place < len(listed) and listed[place] == message.ts:
            del listed[place]
        self.store.drop("message", f"{message.channel}/{message.ts}")

    def find_message(self, channel: str, ts: str, user: str | None = None) -> Message | None:
        """A message by its ts; with ``user``, the ephemerals shown to them too."""
        found = self.messages[channel].get(ts) if channel in self.messages else None
        if found is None and user is not None:
            found = self.ephemerals.get((channel, user), {}).get(ts)
        return found

    def mark_read(self, user: str, channel: str) -> None:
        """Everything in the conversation has been seen."""
        listed = self.order.get(channel)
        if listed and self.read.get((user, channel)) != listed[-1]:
            self.read[user, channel] = listed[-1]
            self.store.put("read", f"{user}/{channel}", {"user": user, "channel": channel, "ts": listed[-1]})

    def unread(self, user: str, channel: str) -> list[Message]:
        """Messages of others since the person last looked."""
        listed = self.order.get(channel, [])
        start = bisect.bisect_right(listed, self.read.get((user, channel), ""))
        fresh = (self.messages[channel][ts] for ts in listed[start:])
        return [message for message in fresh if message.user != user]

    # -- views and files ---------------------------------------------------------------------------------------

    def save_view(self, view: View) -> None:
        """Keep a view, with a hash that tells this state from every earlier one."""
        view.hash = ids.view_hash()
        view.changed = time.time()
        self._index_view(view)
        self.store.put("view", view.id, view)

    def drop_view(self, view: View) -> None:
        """Forget a closed modal."""
        self.views.pop(view.id, None)
        if view.id in self.modals[view.user]:
            self.modals[view.user].remove(view.id)
        self.store.drop("view", view.id)

    def save_file(self, file: File) -> None:
        """Keep what is known of a file."""
        self.files[file.id] = file
        self.store.put("file", file.id, file)

    def file_path(self, file: File) -> Path:
        """Where the bytes of a file lie."""
        return self.directory / "files" / file.id

    def save_hook(self, hook: Hook) -> None:
        """Keep a response_url and how often it was used."""
        self.hooks[hook.key] = hook
        self.store.put("hook", hook.key, hook)

    def forget_old_hooks(self, now: float) -> None:
        """Let go of response_urls that nobody can use any more."""
        for key in list(self.hooks):
            if self.hooks[key].expires >= now:
                break  # they are in order of age
            del self.hooks[key]
            self.store.drop("hook", key)

    def clear(self) -> None:
        """An empty workspace with the same people and channels."""
        self.store.clear("message", "view", "file", "hook", "read", "bookmark")
        for file in self.files.values():
            self.file_path(file).unlink(missing_ok=True)
        for shelf in (
            self.messages,
            self.order,
            self.threads,
            self.pins,
            self.ephemerals,
            self.views,
            self.homes,
            self.modals,
            self.files,
            self.hooks,
            self.read,
            self.bookmarks,
        ):
            shelf.clear()

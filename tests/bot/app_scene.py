"""A small Concord for tests of the wiring: real Bolt, desk, answers and store; cards that count their clicks."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slack_bolt import App
from sqlalchemy import func, select
from sqlmodel import Session, col

from bot.answers import Carrier, Drawn, Pace
from bot.answers.wire import Wire
from bot.app import Installation, build_app, sign_in
from bot.slack.client import web_client
from bot.socket_mode import SocketMode
from handlers.answer import Errors, OpenView, Say, ShowCard, ShowHome, UpdateView
from handlers.click import Click
from handlers.desk import Desk
from storage.engine import Store
from storage.tables import History
from tests.sandbox_fixtures import Workspace
from workflow.errors import NotAllowedError, RefusedError
from workflow.history import note

PACE = Pace(timeout=2.0, settle=0.5, backoff=(0.01, 0.01), write_down=0.01)
CARD = 7


def clicks(session: Session, action: str = "clicked") -> int:
    """How many clicks are stored."""
    statement = select(func.count()).select_from(History).where(col(History.action) == action)
    return int(session.execute(statement).scalar_one())


def button(action_id: str, value: str = str(CARD)) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action_id,
        "value": value,
        "text": {"type": "plain_text", "text": action_id},
    }


ACTIONS = ["label", "whisper", "refuse", "break", "modal", "plain_modal", "unknown", "home"]


class Drawings:
    """Draws the toy cards from the store."""

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn | None:
        version = clicks(session)
        words = str(context.get("message") or f"{template} {version}")
        section = {"type": "section", "text": {"type": "plain_text", "text": words}}
        actions = {"type": "actions", "block_id": "buttons", "elements": [button(name) for name in ACTIONS]}
        return Drawn(words, [section, actions] if template == "card" else [section], version)

    def draw_view(self, session: Session, template: str, context: Mapping[str, Any]) -> dict[str, Any]:
        words = str(context.get("message") or f"{template} {clicks(session)}")
        section = {"type": "section", "text": {"type": "plain_text", "text": words}}
        if template == "home":
            return {"type": "home", "blocks": [section, {"type": "actions", "elements": [button("refuse")]}]}
        view = {"type": "modal", "title": {"type": "plain_text", "text": template}, "blocks": [section]}
        if template in ("form", "plain"):
            field_ = {"type": "plain_text_input", "action_id": "text"}
            label = {"type": "plain_text", "text": "Note"}
            view["callback_id"] = template
            view["submit"] = {"type": "plain_text", "text": "Send"}
            if template == "form":
                view["blocks"] = [section, {"type": "input", "block_id": "note", "label": label, "element": field_}]
        return view

    def version(self, session: Session, kind: str, subject_id: int) -> int | None:
        return clicks(session)


@dataclass
class House:
    """The small Concord, connected to a workspace by Socket Mode."""

    store: Store
    workspace: Workspace
    held: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    faults: list[Exception] = field(default_factory=list)
    nudges: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = web_client(self.workspace.bot_token, base_url=self.workspace.api_url, timeout=2.0)
        self.installation: Installation = sign_in(client)
        self.wire = Wire(self.workspace.bot_token, base_url=self.workspace.api_url, timeout=PACE.timeout)
        self.carrier = Carrier(
            self.store,
            self.wire,
            Drawings(),
            clock=lambda: datetime.now(UTC),
            nudge=lambda: self.nudges.append(1),
            pace=PACE,
        )
        self.app: App = build_app(
            self.installation,
            self.carrier,
            signing_secret=self.workspace.signing_secret,
            base_url=self.workspace.api_url,
        )
        self.desk = Desk(self.app, self.store, self.carrier, lambda: datetime.now(UTC))
        self._register(self.desk)
        self.socket = SocketMode(self.app, client, self.workspace.app_token)

    def close(self) -> None:
        self.held.set()
        self.socket.stop(5)
        self.carrier.close(5)

    def post(self, user: str = "ana") -> dict[str, Any]:
        """A card in somebody's direct message, as they see it."""
        with self.store.read() as session:
            drawn = Drawings().draw(session, "card", {"id": CARD})
        assert drawn is not None
        dm = self.workspace.dm(user)
        posted = self.workspace.call("chat.postMessage", channel=dm, text=drawn.text, blocks=drawn.blocks)
        assert posted["ok"], posted
        return self.workspace.messages(user)[-1]

    def stored(self, action: str = "clicked") -> int:
        """How many clicks are stored."""
        with self.store.read() as session:
            return clicks(session, action)

    def _register(self, desk: Desk) -> None:
        desk.action("label", self._label)
        desk.action("hold", self._hold)
        desk.action("whisper", lambda session, click: Say("card", {"message": "between us"}))
        desk.action("refuse", self._refuse)
        desk.action("break", self._break)
        desk.action("modal", lambda session, click: OpenView("form", {"id": click.subject_id}))
        desk.action("plain_modal", lambda session, click: OpenView("plain"))
        desk.submission("form", self._sent)
        desk.submission("plain", self._refuse)
        desk.command("/concord", self._commanded)
        desk.event("app_home_opened", self._opened)

    def _label(self, session: Session, click: Click) -> ShowCard:
        note(session, click.now, "clicked", "toy", click.subject_id, after={"us": click.us})
        return ShowCard("card", click.subject_id)

    def _hold(self, session: Session, click: Click) -> ShowCard:
        self.begun.set()
        self.held.wait(5)
        return self._label(session, click)

    def _refuse(self, session: Session, click: Click) -> None:
        note(session, click.now, "clicked", "toy", CARD)
        raise NotAllowedError("Only reviewers may do this: ask rita.")

    def _break(self, session: Session, click: Click) -> None:
        note(session, click.now, "clicked", "toy", CARD)
        raise LookupError("a fault of ours")

    def _sent(self, session: Session, click: Click) -> Errors | UpdateView | OpenView | ShowCard | None:
        text = click.state["note"]
        if text == "refuse":
            raise RefusedError("The item was ruled on meanwhile.")
        if text == "errors":
            return Errors({"note": "Too short."})
        if text == "update":
            return UpdateView("plain", {"message": "still here"})
        if text == "push":
            return OpenView("plain", {"message": "on top"})
        note(session, click.now, "clicked", "toy", CARD, after={"text": text})
        return None

    def _commanded(self, session: Session, click: Click) -> Say:
        return Say("card", {"message": f"you said {click.text}"})

    def _opened(self, session: Session, event: Mapping[str, Any], now: datetime) -> ShowHome:
        note(session, now, "opened", "toy", CARD)
        if self.faults:
            raise self.faults.pop()
        return ShowHome()

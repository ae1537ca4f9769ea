"""A person in the workspace, doing what its page lets people do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.house import seen
from tests.house.waiting import once, until
from tests.sandbox_fixtures import Workspace

if TYPE_CHECKING:
    from tests.house.house import House

Json = dict[str, Any]


@dataclass(frozen=True)
class Someone:
    """Somebody in the workspace, doing what its page lets people do."""

    house: "House"
    name: str

    @property
    def id(self) -> str:
        return self.house.ids[self.name]

    @property
    def space(self) -> Workspace:
        return self.house.workspace

    # -- seeing --------------------------------------------------------------------------------------------------

    def messages(self, channel: str | None = None) -> list[Json]:
        """What they see, in their DM with Concord unless a channel is named; each with its channel."""
        try:
            place = self.space.channel(channel) if channel else self.space.dm(self.name)
        except StopIteration:
            return []
        return self._in(place)

    def _in(self, place: str) -> list[Json]:
        return [{**one, "channel": place} for one in self.space.messages(self.name, place, limit=500)]

    def cards(self) -> list[Json]:
        """Their batches' cards, oldest first."""
        return [message for message in self.messages() if seen.is_card(message)]

    def card(self) -> Json:
        """The newest card."""
        return until(self.cards)[-1]

    def see(self, ts: str, channel: str | None = None) -> Json:
        """A message as it is now."""
        return next(message for message in self.messages(channel) if message["ts"] == ts)

    def modal(self) -> Json:
        """The modal on top, once there is one."""
        return until(lambda: self.space.modals(self.name))[-1]

    def close_modals(self) -> None:
        for view in reversed(self.space.modals(self.name)):
            self.space.close(self.name, view["id"])

    def home(self) -> Json:
        """Open App Home and wait until it was published anew."""
        before = self.space.view(self.name)["home"]["hash"]
        self.space.open_home(self.name)
        return until(lambda: self._home_after(before))

    def _home_after(self, before: str | None) -> Json | None:
        shown = self.space.view(self.name)["home"]
        view: Json | None = shown["view"]
        return view if view is not None and shown["hash"] != before else None

    # -- doing ---------------------------------------------------------------------------------------------------

    def press(self, shown: Json, title: str) -> Json:
        """Press what carries this title, on a message, a modal or Home; what the workspace says once it was acked."""
        block, element, more = seen.control(shown, title)
        where: Json = {"block_id": block["block_id"], "action_id": element["action_id"], **more}
        if shown.get("type") == "home":
            where["home"] = True
        elif shown.get("type") == "modal":
            where["view_id"] = shown["id"]
        else:
            where |= {"channel": shown["channel"], "ts": shown["ts"]}
        done: Json = self.space.post("/client/click", user=self.name, **where)
        if done.get("error") == "no_such_element" and "ts" in shown:
            # The card was replaced under the finger: press what stands there now.
            now = next(message for message in self._in(shown["channel"]) if message["ts"] == shown["ts"])
            same = now["blocks"] != shown["blocks"] and seen.quoted(now) == seen.quoted(shown)
            return self.press(now, title) if same else done
        return done

    def press_ok(self, shown: Json, title: str) -> None:
        done = self.press(shown, title)
        assert done == {"ok": True}, (title, done)

    def get_batch(self) -> Json:
        """Press the button in Home; the new card."""
        before = {card["ts"] for card in self.cards()}
        home = self.home()
        self.press_ok(home, "Get a batch" if "Get a batch" in seen.titles(home) else "Show my batch")
        return until(lambda: [card for card in self.cards() if card["ts"] not in before])[0]

    def answer(self, title: str, card: Json | None = None) -> Json:
        """Press something on a card (the newest unless given) and wait until it shows what came of it."""
        card = card or self.card()
        self.press_ok(card, title)
        return self.changed(card)

    def changed(self, card: Json) -> Json:
        """The card once it shows another version than this: the one that is in the store."""
        before, batch = seen.version(card), seen.subject(card)

        def is_true(now: Json) -> bool:
            return before != seen.version(now) == self.house.card_version(batch)

        return once(lambda: self.see(card["ts"]), is_true)

    def flag(self, note: str = "", reason: str = "several_fit", card: Json | None = None) -> Json:
        """*Unclear*, with the form filled in; the card afterwards."""
        card = card or self.card()
        self.press_ok(card, "Unclear")
        done = self.submit(self.modal(), {"reason": reason, "note": note})
        assert done["ok"], done
        return self.changed(card)

    def submit(self, view: Json, values: Mapping[str, Any]) -> Json:
        """Send a modal, its fields filled in by block id."""
        return self.space.submit(self.name, view["id"], _state(view, values))

    def choose(self, view: Json, block_id: str, value: str, typed: Mapping[str, Any] | None = None) -> Json:
        """Choose in a select of a modal that asks for more at once; the modal once it was drawn anew."""
        _, element = next(one for one in seen.elements(view) if one[0].get("block_id") == block_id)
        where = {"view_id": view["id"], "block_id": block_id, "action_id": element["action_id"]}
        state = _state(view, typed or {})
        done = self.space.post("/client/click", user=self.name, **where, selected_option=value, state=state)
        assert done["ok"], done
        return once(self.modal, lambda now: now["hash"] != view["hash"])

    def rule(self, title: str, why: str, case: Json) -> None:
        """Press a label on a case's card and give the reason."""
        self.press_ok(case, title)
        done = self.submit(self.modal(), {"rationale": why, "reason": "borderline"})
        assert done["ok"], done

    def command(self, text: str, channel: str | None = None) -> Json:
        place = self.space.channel(channel) if channel else self.space.dm(self.name)
        return self.space.command(self.name, text, place)

    def hears(self, act: Callable[[], Any], part: str, channel: str | None = None) -> str:
        """What is said to them alone after ``act``, by an ephemeral message or a small modal, with ``part`` in it."""
        before = {shown["ts"] for shown in self._whispers(channel)} | {v["id"] for v in self.space.modals(self.name)}
        done = act()
        assert not isinstance(done, dict) or done.get("ok"), done

        def look() -> str | None:
            said = [(one["ts"], seen.words(one)) for one in self._whispers(channel)]
            said += [(view["id"], seen.words(view)) for view in self.space.modals(self.name)]
            return next((text for key, text in said if key not in before and part in text), None)

        return until(look)

    def _whispers(self, channel: str | None) -> list[Json]:
        return [message for message in self.messages(channel) if message["ephemeral"]]


def _state(view: Json, values: Mapping[str, Any]) -> Json:
    state: Json = {}
    for block, element in seen.elements(view):
        if block["type"] == "input" and block["block_id"] in values:
            state.setdefault(block["block_id"], {})[element["action_id"]] = _filled(element, values[block["block_id"]])
    return state


def _filled(element: Json, value: Any) -> Json:
    match element["type"]:
        case "static_select" | "radio_buttons":
            return {"selected_option": {"value": value}}
        case "checkboxes" | "multi_static_select":
            return {"selected_options": [{"value": one} for one in value]}
        case "users_select":
            return {"selected_user": value}
        case "multi_users_select":
            return {"selected_users": value}
        case "conversations_select":
            return {"selected_conversation": value}
        case "timepicker":
            return {"selected_time": value}
        case "datepicker":
            return {"selected_date": value}
        case _:
            return {"value": value}

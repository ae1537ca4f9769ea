"""Clicks, choices, commands, files and modals reach the app, and its answers are shown."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Look
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": action_id, **more}


def options(*texts: str) -> list[Json]:
    return [{"text": plain(text), "value": text.lower()} for text in texts]


def card(app: SmallApp, workspace: Workspace, *elements: Json) -> None:
    blocks = [{"type": "actions", "block_id": "deck", "elements": list(elements)}]
    app.web.chat_postMessage(channel=workspace.dm("ana"), text="card", blocks=blocks)


@pytest.fixture
def tab(look: Look, workspace: Workspace, app: SmallApp) -> Page:
    return look("ana", channel=workspace.dm("ana"))


def test_a_click_reaches_the_app_with_its_value(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    card(app, workspace, button("Yes", "yes"))
    tab.get_by_role("button", name="Yes", exact=True).click()
    assert app.wait_for_action("yes")["value"] == "yes"
    assert app.heard[-1]["user"]["id"] == workspace.user("ana")
    expect(tab.locator("[data-action-id=yes]")).not_to_have_attribute("aria-busy", "true")
    expect(tab.locator(".problem")).to_have_count(0)


def test_a_click_without_an_answer_is_busy_and_then_says_so(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    workspace.settings(ack_seconds=0.5)
    app.silent = True
    card(app, workspace, button("Yes", "yes"))
    tab.locator("[data-action-id=yes]").click()
    expect(tab.locator("[data-action-id=yes]")).to_have_attribute("aria-busy", "true")
    expect(tab.get_by_role("alert")).to_have_text("The app did not answer in time")
    expect(tab.locator("[data-action-id=yes]")).not_to_have_attribute("aria-busy", "true")


def test_every_kind_of_choice_reaches_the_app(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    app.on["block_suggestion"] = lambda payload: {"options": options(f"Item {payload['value']}")}
    card(
        app,
        workspace,
        {"type": "static_select", "action_id": "one", "options": options("Alpha", "Beta")},
        {"type": "multi_users_select", "action_id": "people"},
        {"type": "external_select", "action_id": "asked", "min_query_length": 2},
        {"type": "channels_select", "action_id": "place"},
        {"type": "overflow", "action_id": "more", "options": options("Open", "Close")},
        {"type": "radio_buttons", "action_id": "radio", "options": options("Left", "Right")},
        {"type": "checkboxes", "action_id": "boxes", "options": options("Red", "Blue")},
        {"type": "datepicker", "action_id": "date"},
    )
    tab.locator("[data-action-id=one]").click()
    tab.keyboard.type("bet")
    tab.keyboard.press("Enter")
    assert app.wait_for_action("one")["selected_option"]["value"] == "beta"
    expect(tab.locator("[data-action-id=one]")).to_have_text("Beta")

    tab.locator("[data-action-id=people]").click()
    tab.get_by_role("option", name="Ben Annotator").click()
    tab.get_by_role("option", name="Lea Lead").click()
    tab.keyboard.press("Escape")
    assert app.wait_for_action("people")["selected_users"] == [workspace.user("ben"), workspace.user("lea")]

    tab.locator("[data-action-id=asked]").click()
    tab.keyboard.type("39")
    tab.get_by_role("option", name="Item 39").click()
    assert app.wait_for_action("asked")["selected_option"]["value"] == "item 39"

    tab.locator("[data-action-id=place]").click()
    tab.get_by_role("option", name="rte").click()
    assert app.wait_for_action("place")["selected_channel"] == workspace.channel("rte")

    tab.locator("[data-action-id=more]").click()
    tab.get_by_role("menuitem", name="Close").click()
    assert app.wait_for_action("more")["selected_option"]["value"] == "close"

    tab.get_by_role("radio", name="Right").check()
    assert app.wait_for_action("radio")["selected_option"]["value"] == "right"
    tab.get_by_role("checkbox", name="Blue").check()
    assert [one["value"] for one in app.wait_for_action("boxes")["selected_options"]] == ["blue"]
    tab.locator("[data-action-id=date]").fill("2026-08-03")
    assert app.wait_for_action("date")["selected_date"] == "2026-08-03"
    expect(tab.locator(".problem")).to_have_count(0)


def test_what_was_chosen_is_there_after_a_reload(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    card(app, workspace, {"type": "radio_buttons", "action_id": "radio", "options": options("Left", "Right")})
    tab.get_by_role("radio", name="Right").check()
    app.wait_for_action("radio")
    tab.reload()
    expect(tab.get_by_role("radio", name="Right")).to_be_checked()


def test_a_confirmation_is_asked_first(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    sure = {
        "title": plain("Stop?"),
        "text": plain("Answers are kept."),
        "confirm": plain("Stop"),
        "deny": plain("Go on"),
    }
    card(app, workspace, button("Stop", "stop", style="danger", confirm=sure))
    tab.locator("[data-action-id=stop]").click()
    tab.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.locator("[data-action-id=stop]").click()
    tab.get_by_role("dialog").get_by_role("button", name="Stop").click()
    app.wait_for_action("stop")
    assert len(app.actions()) == 1


def test_commands_are_offered_and_sent(tab: Page, app: SmallApp) -> None:
    app.on["slash_commands"] = lambda _payload: {"text": "here is your digest"}
    field = tab.locator(".composer-field")
    field.press_sequentially("/con")
    expect(tab.get_by_role("listbox", name="Suggestions").get_by_role("option")).to_contain_text("/concord")
    tab.keyboard.press("Tab")
    expect(field).to_have_value("/concord ")
    tab.keyboard.type("digest @Ana Annotator")
    tab.keyboard.press("Escape")
    tab.keyboard.press("Enter")
    said = wait_for(lambda: [one for one in app.heard if one.get("command")])[0]
    assert (said["command"], said["text"]) == ("/concord", "digest @ana")
    expect(tab.locator(".message.ephemeral")).to_contain_text("here is your digest")


MODAL: Json = {
    "type": "modal",
    "callback_id": "flag",
    "title": plain("Unclear item"),
    "submit": plain("Flag"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why?"),
            "element": {"type": "radio_buttons", "action_id": "reason", "options": options("Broken", "Other")},
        },
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": 100},
        },
    ],
}


def opens_modal(app: SmallApp) -> None:
    def open_it(payload: Json) -> None:
        app.web.views_open(trigger_id=payload["trigger_id"], view=MODAL)

    app.on["block_actions"] = open_it


@pytest.fixture
def modal(tab: Page, app: SmallApp, workspace: Workspace) -> Page:
    opens_modal(app)
    card(app, workspace, button("Unclear", "unclear"))
    tab.locator("[data-action-id=unclear]").click()
    expect(tab.get_by_role("dialog", name="Unclear item")).to_be_visible()
    return tab


def test_errors_of_a_modal_stand_at_their_field(modal: Page, app: SmallApp, workspace: Workspace) -> None:
    app.on["view_submission"] = lambda _payload: {"response_action": "errors", "errors": {"note": "Say more."}}
    modal.get_by_role("button", name="Flag").click()
    expect(modal.locator("[data-block-id=why] [role=alert]")).to_have_text("Please complete this required field.")
    assert not [one for one in app.heard if one["type"] == "view_submission"]

    modal.get_by_role("radio", name="Other").check()
    note = modal.get_by_role("textbox", name="Note")
    note.fill("short")
    modal.get_by_role("button", name="Flag").click()
    expect(modal.locator("[data-block-id=note] [role=alert]")).to_have_text("Say more.")
    expect(modal.locator("[data-block-id=why] [role=alert]")).to_have_count(0)
    expect(note).to_be_focused()
    expect(note).to_have_value("short")
    expect(note).to_have_accessible_description("Say more.")

    app.on["view_submission"] = lambda _payload: None
    note.fill("long enough now")
    modal.get_by_role("button", name="Flag").click()
    expect(modal.get_by_role("dialog")).to_have_count(0)
    values = app.heard[-1]["view"]["state"]["values"]
    assert values["note"]["text"]["value"] == "long enough now"
    assert values["why"]["reason"]["selected_option"]["value"] == "other"
    assert workspace.modals("ana") == []


def test_what_is_typed_survives_an_update_of_the_view(modal: Page, app: SmallApp, workspace: Workspace) -> None:
    note = modal.get_by_role("textbox", name="Note")
    note.click()
    modal.keyboard.type("half a")
    modal.keyboard.press("ArrowLeft")
    added = {"type": "section", "block_id": "new", "text": plain("Two others flagged it too.")}
    view_id = workspace.modals("ana")[0]["id"]
    app.web.views_update(view_id=view_id, view={**MODAL, "blocks": [added, *MODAL["blocks"]]})
    expect(modal.locator("[data-block-id=new]")).to_be_visible()
    expect(note).to_be_focused()
    modal.keyboard.type("-")
    expect(note).to_have_value("half -a")


def test_a_modal_is_used_and_left_by_keyboard(modal: Page, app: SmallApp, workspace: Workspace) -> None:
    dialog = modal.get_by_role("dialog")
    expect(modal.get_by_role("radio", name="Broken")).to_be_focused()
    for _ in range(12):
        modal.keyboard.press("Tab")
        assert modal.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    modal.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    wait_for(lambda: workspace.modals("ana") == [])
    expect(modal.locator("[data-action-id=unclear]")).to_be_focused()


def test_pushed_views_go_back_and_keep_what_was_typed(modal: Page, app: SmallApp) -> None:
    second = {"type": "modal", "title": plain("Second"), "blocks": [{"type": "section", "text": plain("More")}]}
    app.on["view_submission"] = lambda _payload: {"response_action": "push", "view": {**second, "close": plain("Back")}}
    modal.get_by_role("radio", name="Other").check()
    modal.get_by_role("textbox", name="Note").fill("kept")
    modal.get_by_role("button", name="Flag").click()
    expect(modal.get_by_role("dialog", name="Second")).to_be_visible()
    modal.get_by_role("button", name="Back").click()
    expect(modal.get_by_role("dialog", name="Unclear item")).to_be_visible()
    expect(modal.get_by_role("textbox", name="Note")).to_have_value("kept")


def test_home_is_shown_when_published_and_its_buttons_work(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    tab.locator("[data-channel=home]").click()
    expect(tab.get_by_role("heading", name="Concord has not put anything here yet")).to_be_visible()
    wait_for(lambda: [one for one in app.heard if (one.get("event") or {}).get("type") == "app_home_opened"])
    blocks = [{"type": "actions", "elements": [button("Get a batch", "batch")]}]
    app.web.views_publish(user_id=workspace.user("ana"), view={"type": "home", "blocks": blocks})
    tab.get_by_role("button", name="Get a batch").click()
    app.wait_for_action("batch")
    assert app.heard[-1]["view"]["type"] == "home"

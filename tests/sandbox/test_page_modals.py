"""A long form as ``/concord new`` needs it: every kind of field, first values, errors at their field, narrow windows."""

from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Look
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Json = dict[str, Any]
DEADLINE = 1_795_680_000


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def options(*texts: str) -> list[Json]:
    return [{"text": plain(text), "value": text.lower()} for text in texts]


def field(name: str, kind: str, *, optional: bool = False, **element: Any) -> Json:
    block = {"type": "input", "block_id": name, "label": plain(name.title()), "optional": optional}
    return {**block, "element": {"type": kind, "action_id": name, **element}}


def form(workspace: Workspace) -> Json:
    kinds = options("Nominal", "Ordinal")
    return {
        "type": "modal",
        "callback_id": "new",
        "title": plain("New project"),
        "submit": plain("Create"),
        "blocks": [
            field("name", "plain_text_input", initial_value="rte"),
            field("labels", "plain_text_input", multiline=True, initial_value="yes\nno"),
            field("overlap", "number_input", is_decimal_allowed=False, min_value="1", max_value="9", initial_value="3"),
            field("level", "static_select", options=kinds, initial_option=kinds[0]),
            field("near", "radio_buttons", options=options("Report", "Link"), initial_option=options("Report")[0]),
            field("steps", "checkboxes", options=options("Entities", "Spaces"), initial_options=options("Spaces")),
            field("at", "timepicker", initial_time="09:00", timezone="Europe/Berlin"),
            field("deadline", "datetimepicker", initial_date_time=DEADLINE),
            field("team", "conversations_select", default_to_current_conversation=True),
            field("review", "conversations_select", filter={"include": ["private"]}, optional=True),
            field("public", "multi_channels_select", optional=True),
            field("lead", "users_select", initial_user=workspace.user("lea")),
            field("people", "multi_users_select", initial_users=[workspace.user("ana"), workspace.user("ben")]),
            field("languages", "multi_static_select", options=kinds, max_selected_items=1, optional=True),
        ],
    }


@pytest.fixture
def modal(look: Look, app: SmallApp, workspace: Workspace) -> Page:
    def opened(payload: Json) -> None:
        app.web.views_open(trigger_id=payload["trigger_id"], view=form(workspace))

    app.on["slash_commands"] = opened
    tab = look("lea", channel=workspace.channel("rte"))
    tab.locator(".composer-field").fill("/concord new")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog", name="New project")).to_be_visible()
    return tab


def submitted(app: SmallApp) -> list[Json]:
    return [payload["view"]["state"]["values"] for payload in app.heard if payload.get("type") == "view_submission"]


def test_first_values_are_shown_and_sent(modal: Page, app: SmallApp, workspace: Workspace) -> None:
    expect(modal.get_by_role("textbox", name="Name")).to_be_focused()
    expect(modal.locator(".as-json")).to_have_count(0)
    expect(modal.get_by_role("combobox", name="Team")).to_contain_text("rte")
    expect(modal.get_by_role("combobox", name="People")).to_contain_text("Ana Annotator")
    expect(modal.locator("[data-action-id=deadline]")).to_have_value("2026-11-26T08:00")
    expect(modal.get_by_text("Europe/Berlin")).to_be_visible()
    modal.get_by_role("button", name="Create").click()
    values = wait_for(lambda: submitted(app))[0]
    told = {name: next(value for key, value in values[name][name].items() if key != "type") for name in values}
    assert (told["name"], told["labels"], told["overlap"]) == ("rte", "yes\nno", "3")
    assert (told["level"]["value"], told["near"]["value"]) == ("nominal", "report")
    assert [one["value"] for one in told["steps"]] == ["spaces"]
    assert (told["at"], told["deadline"]) == ("09:00", DEADLINE)
    assert (told["team"], told["review"], told["public"]) == (workspace.channel("rte"), None, [])
    assert (told["lead"], told["people"]) == (workspace.user("lea"), [workspace.user("ana"), workspace.user("ben")])
    expect(modal.get_by_role("dialog")).to_have_count(0)


def test_other_values_are_sent(modal: Page, app: SmallApp, workspace: Workspace) -> None:
    modal.locator("[data-action-id=deadline]").fill("2026-12-01T12:30")
    modal.locator("[data-action-id=at]").fill("17:45")
    modal.get_by_role("spinbutton", name="Overlap").or_(modal.get_by_role("textbox", name="Overlap")).fill("9")
    modal.get_by_role("combobox", name="Review").click()
    expect(modal.get_by_role("option")).to_have_text(["🔒 rte-leads"])
    modal.get_by_role("option", name="rte-leads").click()
    modal.get_by_role("combobox", name="Public").click()
    expect(modal.get_by_role("option", name="rte-leads")).to_have_count(0)
    modal.get_by_role("option", name="rte-review").click()
    modal.keyboard.press("Escape")
    modal.get_by_role("combobox", name="Languages").click()
    for name in ("Nominal", "Ordinal"):
        modal.get_by_role("option", name=name).click()
    modal.keyboard.press("Escape")
    modal.get_by_role("button", name="Create").click()
    values = wait_for(lambda: submitted(app))[0]
    assert values["deadline"]["deadline"]["selected_date_time"] == 1_796_128_200
    assert (values["at"]["at"]["selected_time"], values["overlap"]["overlap"]["value"]) == ("17:45", "9")
    assert values["review"]["review"]["selected_conversation"] == workspace.channel("rte-leads")
    assert values["public"]["public"]["selected_channels"] == [workspace.channel("rte-review")]
    assert [one["value"] for one in values["languages"]["languages"]["selected_options"]] == ["nominal"]


def test_an_error_stands_at_its_field_and_the_focus_goes_there(modal: Page, app: SmallApp) -> None:
    # Up and down the form, so that the field is out of sight before.
    for name in ("name", "people", "overlap", "lead", "level", "team", "near", "at", "steps"):
        errors = {"response_action": "errors", "errors": {name: f"Not this {name}."}}
        app.on["view_submission"] = lambda _payload, errors=errors: errors  # type: ignore[misc]
        modal.get_by_role("button", name="Create").click()
        block = modal.locator(f"[data-block-id={name}]")
        expect(block.get_by_role("alert"), name).to_have_text(f"Not this {name}.")
        expect(block.get_by_role("alert"), name).to_be_in_viewport()
        expect(modal.get_by_role("alert"), name).to_have_count(1)
        expect(block.locator(":focus"), name).to_have_count(1)
        expect(block.locator("[aria-invalid=true]"), name).to_have_accessible_description(f"Not this {name}.")
        expect(modal.locator("[aria-invalid=true]"), name).to_have_count(1)
    app.on["view_submission"] = lambda _payload: None
    modal.get_by_role("button", name="Create").click()
    expect(modal.get_by_role("dialog")).to_have_count(0)


def test_numbers_are_checked_before_the_app_is_asked(modal: Page, app: SmallApp) -> None:
    number = modal.locator("[data-action-id=overlap]")
    for typed, words in (("10", "at most 9"), ("0", "at least 1"), ("1.5", "a number"), ("", "required")):
        modal.get_by_role("textbox", name="Name").focus()
        number.fill(typed)
        modal.get_by_role("button", name="Create").click()
        expect(modal.locator("[data-block-id=overlap] [role=alert]"), repr(typed)).to_contain_text(words)
        expect(number, repr(typed)).to_be_focused()
    assert submitted(app) == []


def test_an_option_that_is_gone_is_no_longer_chosen(modal: Page, app: SmallApp, workspace: Workspace) -> None:
    modal.get_by_role("combobox", name="Level").click()
    modal.get_by_role("option", name="Ordinal").click()
    modal.get_by_role("textbox", name="Name").fill("kept")
    view = form(workspace)
    view["blocks"][3] = field("level", "static_select", options=options("Nominal", "Interval"))
    app.web.views_update(view_id=workspace.modals("lea")[0]["id"], view=view)
    expect(modal.get_by_role("combobox", name="Level")).to_contain_text("Select an option")
    expect(modal.get_by_role("textbox", name="Name")).to_have_value("kept")
    modal.get_by_role("button", name="Create").click()
    expect(modal.locator("[data-block-id=level] [role=alert]")).to_be_visible()
    modal.get_by_role("combobox", name="Level").click()
    modal.get_by_role("option", name="Interval").click()
    modal.get_by_role("button", name="Create").click()
    assert wait_for(lambda: submitted(app))[0]["level"]["level"]["selected_option"]["value"] == "interval"


def test_the_form_and_its_lists_fit_a_telephone(modal: Page) -> None:
    modal.set_viewport_size({"width": 390, "height": 700})
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for theme in themes:
        modal.emulate_media(color_scheme=theme)
        expect(modal.locator("html")).to_have_attribute("data-theme", theme)
        expect(modal.get_by_role("button", name="Create"), theme).to_be_in_viewport(ratio=1)
        fits = "(body => body.scrollWidth <= body.clientWidth)(document.querySelector('.sheet-body'))"
        assert modal.evaluate(fits), theme
        modal.get_by_role("combobox", name="People").click()
        expect(modal.locator("dialog .menu"), theme).to_be_in_viewport(ratio=1)
        expect(modal.get_by_role("option", name="Rita Reviewer"), theme).to_be_visible()
        modal.keyboard.press("Escape")
        expect(modal.locator("dialog .menu")).to_have_count(0)


def test_a_channel_takes_in_the_app_and_is_archived(look: Look, app: SmallApp, workspace: Workspace) -> None:
    channel = workspace.new_channel("intake-desk", ["lea"])
    try:
        tab = look("lea", channel=channel)
        tab.get_by_role("button", name="Add Concord").click()
        expect(tab.get_by_role("button", name="Add Concord")).to_have_count(0)
        assert workspace.call("chat.postMessage", channel=channel, text="here I am")["ok"]
        expect(tab.locator(".message", has_text="here I am")).to_be_visible()
        tab.get_by_role("button", name="What to do with #intake-desk").click()
        expect(tab.get_by_role("menu")).to_be_in_viewport(ratio=1)
        tab.get_by_role("menuitem", name="Archive channel").click()
        tab.get_by_role("dialog").get_by_role("button", name="Archive").click()
        expect(tab.get_by_text("This channel is archived")).to_be_visible()
        expect(tab.locator(".composer-field")).to_have_count(0)
        expect(tab.locator(".message", has_text="here I am")).to_be_visible()
        tab.get_by_role("button", name="Unarchive").click()
        expect(tab.locator(".composer-field")).to_be_visible()
        tab.locator(".composer-field").press_sequentially("/inv")
        tab.keyboard.press("Tab")
        tab.keyboard.type("@ben")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        wait_for(lambda: "intake-desk" in [one["name"] for one in workspace.view("ben")["channels"]])
    finally:
        workspace.members(channel, remove=["lea", "ben"])


def test_tabs_that_are_off_are_not_there(look: Look, app: SmallApp, workspace: Workspace) -> None:
    tab = look("lea")
    expect(tab.get_by_role("tab", name="Messages")).to_be_visible()
    workspace.lacks(messages_tab=True)
    expect(tab.get_by_role("tab", name="Messages")).to_have_count(0)
    workspace.lacks(messages_tab=False, home_tab=True)
    expect(tab.locator("[data-channel=home]")).to_have_count(0)

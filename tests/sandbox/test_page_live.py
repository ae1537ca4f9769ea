"""What others do appears by itself, and takes nothing away from whoever is looking."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect
from slack_sdk import WebClient

from tests.chromium import PATIENCE, Look
from tests.sandbox_fixtures import Workspace, start, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def web(workspace: Workspace) -> WebClient:
    return WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


def write(tab: Page, text: str) -> None:
    tab.locator(".composer-field").fill(text)
    tab.keyboard.press("Enter")


def test_two_people_in_two_tabs_talk_without_reload(workspace: Workspace, look: Look) -> None:
    rte = workspace.channel("rte")
    ana, ben = look("ana", channel=rte), look("ben", channel=rte)
    for tab in (ana, ben):
        tab.evaluate("window.sameDocument = true")
    write(ana, "Is *39* clear? <b>")
    expect(ben.locator(".message", has_text="Is 39 clear? <b>").locator(".author")).to_have_text("Ana Annotator")
    write(ben, "I think @Ana Annotator is right")
    expect(ana.locator(".mention-me")).to_have_text("@Ana Annotator")
    assert [tab.evaluate("window.sameDocument") for tab in (ana, ben)] == [True, True]


def test_a_message_replaced_in_place_disturbs_neither_its_neighbours_nor_what_is_typed(
    web: WebClient, workspace: Workspace, look: Look
) -> None:
    rte = workspace.channel("rte")
    button = {"type": "button", "text": {"type": "plain_text", "text": "Yes"}, "action_id": "yes"}
    first = web.chat_postMessage(channel=rte, text="first")["ts"]
    card = web.chat_postMessage(channel=rte, text="card", blocks=[{"type": "actions", "elements": [button]}])["ts"]
    tab = look("ana", channel=rte)
    tab.locator(".composer-field").fill("half a sen")
    expect(tab.locator(f"[data-ts='{card}']")).to_be_visible()
    tab.evaluate("(ts) => { document.querySelector(`[data-ts='${ts}']`).untouched = true }", first)
    tab.locator(f"[data-ts='{card}'] [data-action-id=yes]").focus()
    title = {"type": "header", "text": {"type": "plain_text", "text": "Item 8"}}
    web.chat_update(channel=rte, ts=card, text="card", blocks=[title, {"type": "actions", "elements": [button]}])
    expect(tab.locator(f"[data-ts='{card}'] .header-text")).to_have_text("Item 8")
    expect(tab.locator(f"[data-ts='{card}'] [data-action-id=yes]")).to_be_focused()
    expect(tab.locator(".composer-field")).to_have_value("half a sen")
    assert tab.evaluate("(ts) => document.querySelector(`[data-ts='${ts}']`).untouched", first)


def test_unread_messages_are_counted_until_somebody_looks(workspace: Workspace, look: Look, web: WebClient) -> None:
    dm = workspace.dm("ana")
    tab = look("ana", channel=workspace.channel("rte"))
    entry = tab.locator(f"[data-channel='{dm}']")
    expect(entry.locator(".badge")).to_have_count(0)
    for number in range(3):
        web.chat_postMessage(channel=dm, text=f"card {number}")
    expect(entry.locator(".badge")).to_have_text("3")
    expect(tab).to_have_title("(3) #rte · Test House")
    entry.click()
    expect(tab.locator("[aria-label$='New messages' i]")).to_have_count(1)
    expect(entry.locator(".badge")).to_have_count(0)
    tab.reload()
    expect(tab.locator(f"[data-channel='{dm}'] .badge")).to_have_count(0)


def test_a_mention_is_counted_in_a_channel_and_other_talk_only_makes_it_bold(workspace: Workspace, look: Look) -> None:
    rte = workspace.channel("rte")
    tab = look("ana")
    entry = tab.locator(f"[data-channel='{rte}']")
    workspace.say("ben", "nothing special", channel=rte)
    expect(entry).to_have_class("side-entry is-unread")
    expect(entry.locator(".badge")).to_have_count(0)
    workspace.say("ben", "@ana please look", channel=rte)
    expect(entry.locator(".badge")).to_have_text("2")


def test_an_ephemeral_is_seen_by_one_person(web: WebClient, workspace: Workspace, look: Look) -> None:
    rte = workspace.channel("rte")
    ana, ben = look("ana", channel=rte), look("ben", channel=rte)
    web.chat_postEphemeral(channel=rte, user=workspace.user("ana"), text="a secret")
    workspace.say("cem", "for all", channel=rte)
    expect(ana.locator(".message.ephemeral")).to_contain_text("Only visible to you")
    expect(ben.locator(".message")).to_have_count(1)
    expect(ben.get_by_text("a secret")).to_have_count(0)


def test_a_deleted_message_disappears(web: WebClient, workspace: Workspace, look: Look) -> None:
    rte = workspace.channel("rte")
    ts = web.chat_postMessage(channel=rte, text="soon gone")["ts"]
    tab = look("ana", channel=rte)
    expect(tab.locator(".message")).to_have_count(1)
    web.chat_delete(channel=rte, ts=ts)
    expect(tab.locator(".message")).to_have_count(0)


def test_older_messages_come_when_scrolling_up_and_new_ones_do_not_move_the_page(
    workspace: Workspace, look: Look
) -> None:
    rte = workspace.channel("rte")
    for number in range(70):
        workspace.say("ben", f"message {number}", channel=rte)
    tab = look("ana", channel=rte)
    expect(tab.get_by_text("message 69", exact=True)).to_be_in_viewport()
    expect(tab.get_by_text("message 0", exact=True)).to_have_count(0)
    tab.locator(".feed").evaluate("(feed) => feed.scrollTo(0, 0)")
    expect(tab.get_by_text("message 0", exact=True)).to_be_attached()
    middle = tab.get_by_text("message 30", exact=True)
    middle.scroll_into_view_if_needed()
    tab.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    before = middle.bounding_box()
    workspace.say("ben", "message 70", channel=rte)
    expect(tab.get_by_role("button", name="New messages")).to_be_visible()
    assert middle.bounding_box() == before
    tab.get_by_role("button", name="New messages").click()
    expect(tab.get_by_text("message 70", exact=True)).to_be_in_viewport()


def test_a_thread_opens_beside_and_grows(workspace: Workspace, look: Look) -> None:
    rte = workspace.channel("rte")
    ts = workspace.say("ben", "a question", channel=rte)["ts"]
    tab = look("ana", channel=rte)
    message = tab.locator(f".stage [data-ts='{ts}']")
    message.hover()
    message.get_by_role("button", name="Reply in thread").click()
    expect(tab.locator(".thread .composer-field")).to_be_focused()
    tab.keyboard.type("an answer")
    tab.keyboard.press("Enter")
    expect(tab.locator(".thread .message")).to_have_count(2)
    workspace.say("cem", "another", channel=rte, thread_ts=ts)
    expect(tab.locator(".thread .message")).to_have_count(3)
    expect(message.locator(".thread-bar")).to_contain_text("2 replies")
    expect(tab.locator(".stage .message")).to_have_count(1)
    tab.get_by_role("button", name="Close thread").click()
    expect(tab.locator(".thread")).to_be_hidden()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    """Starts a workspace of its own, as often as a test likes; none outlives the test."""
    running: list[Workspace] = []

    def begin(*more: str) -> Workspace:
        running.append(start(tmp_path / "own", None, *more))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


def test_a_lost_connection_is_said_and_comes_back_by_itself(
    own: Callable[..., Workspace], context: BrowserContext
) -> None:
    first = own()
    rte = first.channel("rte")
    tab = context.new_page()
    tab.goto(f"{first.url}/?user={first.user('ana')}&channel={rte}")
    expect(tab.locator("[data-pane]")).to_be_visible()
    first.stop()
    expect(tab.locator("#connection")).to_have_text("Reconnecting…")
    again = own("--port", first.url.rsplit(":", 1)[1])
    again.say("ben", "said while away", channel=rte)
    expect(tab.locator(".message")).to_have_text(re.compile("said while away"), timeout=20_000)
    expect(tab.locator("#connection")).not_to_have_text("Reconnecting…")


def test_a_flood_leaves_no_gap(workspace: Workspace, look: Look, context: BrowserContext) -> None:
    rte = workspace.channel("rte")
    workspace.say("ben", "before the flood", channel=rte)
    tab = look("ana", channel=rte)
    expect(tab.locator(".message")).to_have_count(1)
    context.set_offline(True)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: workspace.say("ben", f"drop {number}", channel=rte), range(120)))
    context.set_offline(False)
    workspace.say("ben", "after the flood", channel=rte)
    expect(tab.locator(".stage").get_by_text("after the flood")).to_be_visible()
    shown = tab.locator(".message")

    def all_there() -> bool:
        tab.locator(".feed").evaluate("(feed) => feed.scrollTo(0, 0)")
        return shown.count() == 122

    wait_for(all_there, timeout=PATIENCE / 1000)
    expect(shown.first).to_contain_text("before the flood")


def test_what_is_said_while_the_page_opens_is_not_missed(workspace: Workspace, context: BrowserContext) -> None:
    rte = workspace.channel("rte")
    tab = context.new_page()
    tab.route_web_socket("**/client/live*", lambda socket: said_before(workspace, rte, socket))
    tab.goto(f"{workspace.url}/?user={workspace.user('ana')}&channel={rte}")
    expect(tab.locator(".message")).to_contain_text("said in the gap")


def said_before(workspace: Workspace, channel: str, socket: WebSocketRoute) -> None:
    workspace.say("ben", "said in the gap", channel=channel)
    socket.connect_to_server()


def test_a_pinned_message_is_marked_and_found_from_the_top_of_the_channel(
    web: WebClient, workspace: Workspace, look: Look
) -> None:
    rte = workspace.channel("rte")
    ts = web.chat_postMessage(channel=rte, text="Guideline 2.0 is in force")["ts"]
    for number in range(60):
        workspace.say("ben", f"talk {number}", channel=rte)
    tab = look("ana", channel=rte)
    expect(tab.get_by_text("talk 59")).to_be_visible()
    expect(tab.locator(".pins")).to_be_hidden()
    web.pins_add(channel=rte, timestamp=ts)
    tab.get_by_role("button", name="1 pinned message in #rte").click()
    shot = tab.get_by_role("menuitem", name="Guideline 2.0 is in force")
    expect(shot).to_contain_text("Concord")
    shot.click()
    pinned = tab.locator(f"[data-ts='{ts}']")
    expect(pinned).to_be_in_viewport()
    expect(pinned.locator(".message-note")).to_have_text("Pinned")
    web.pins_remove(channel=rte, timestamp=ts)
    expect(tab.locator(".pins")).to_be_hidden()
    expect(pinned.locator(".message-note")).to_have_count(0)

"""Files on the page: dropped, chosen, uploaded, sent with a message, shown as cards, deleted."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.chromium import Look
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name, {type: "text/csv"}));
  const fire = (kind) => document.querySelector("[data-pane]")
    .dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
  fire("dragenter");
  if (!document.querySelector("[data-pane]").classList.contains("dropping")) throw new Error("nothing says: drop here");
  fire("drop");
}"""


def drop(tab: Page, *files: tuple[str, str]) -> None:
    tab.evaluate(DROP, list(files))


@pytest.fixture
def tab(look: Look, workspace: Workspace) -> Page:
    return look("lea", channel=workspace.channel("rte"))


def shared(app: SmallApp) -> list[str]:
    events = [payload.get("event") or {} for payload in app.heard]
    return [event["file_id"] for event in events if event.get("type") == "file_shared"]


def test_dropped_files_wait_for_their_message(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    drop(tab, ("a b#1?.csv", 'id,text\n1,"a, b"\n' + "2,x\n" * 9), ("two.csv", "id\n"))
    expect(tab.locator(".attachment.is-there")).to_have_count(2)
    assert workspace.messages("ana", workspace.channel("rte")) == []
    expect(tab.locator(".composer-field")).to_be_focused()
    tab.keyboard.type("both for today")
    tab.keyboard.press("Enter")
    card = tab.get_by_role("group", name="a b#1?.csv, CSV, 53 bytes")
    expect(card).to_be_visible()
    expect(tab.locator(".attachment")).to_have_count(0)
    expect(tab.locator(".message", has_text="both for today").locator(".file-card")).to_have_count(2)
    expect(card.get_by_role("columnheader")).to_have_text(["id", "text"])
    expect(card.get_by_role("cell").nth(1)).to_have_text("a, b")
    expect(card.locator(".file-more")).to_have_text("6 more lines")
    assert len(wait_for(lambda: shared(app) if len(shared(app)) == 2 else [])) == 2
    with tab.expect_download() as started:
        card.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename == "a b#1_.csv"  # a browser allows no ? in a name
    assert started.value.path().read_text().startswith('id,text\n1,"a, b"\n')


def test_files_are_chosen_by_keyboard_and_taken_back(tab: Page, workspace: Workspace) -> None:
    with tab.expect_file_chooser() as opened:
        tab.get_by_role("button", name="Attach files").press("Enter")
    files: Any = [{"name": name, "mimeType": "", "buffer": b"{}\n"} for name in ("one.jsonl", "two.jsonl")]
    opened.value.set_files(files)
    expect(tab.locator(".attachment.is-there")).to_have_count(2)
    tab.get_by_role("button", name="Remove one.jsonl").press("Enter")
    expect(tab.locator(".attachment")).to_have_count(1)
    expect(tab.get_by_role("button", name="Remove two.jsonl")).to_be_focused()
    tab.locator(".composer-field").press("Enter")
    expect(tab.locator(".file-card")).to_have_count(1)
    said = workspace.messages("ana", workspace.channel("rte"))
    assert [[file["name"] for file in message["files"]] for message in said] == [["two.jsonl"]]


def test_what_cannot_be_uploaded_says_so_and_is_tried_again(tab: Page, workspace: Workspace) -> None:
    refused = {"status": 500, "content_type": "application/json", "body": '{"ok": false, "error": "internal_error"}'}
    tab.route("**/client/upload?*", lambda route: route.fulfill(**refused))
    drop(tab, ("a.csv", "id\n"))
    expect(tab.locator(".attachment [role=alert]")).to_contain_text("Not uploaded")
    tab.locator(".composer-field").press("Enter")
    expect(tab.locator(".toast")).to_be_visible()
    assert workspace.messages("ana", workspace.channel("rte")) == []
    tab.unroute("**/client/upload?*")
    tab.get_by_role("button", name="Try again").click()
    expect(tab.locator(".attachment.is-there")).to_have_count(1)
    tab.locator(".composer-field").press("Enter")
    expect(tab.locator(".file-card")).to_have_count(1)


def test_chosen_files_stay_with_their_conversation(tab: Page, workspace: Workspace) -> None:
    drop(tab, ("a.csv", "id\n"))
    expect(tab.locator(".attachment.is-there")).to_have_count(1)
    tab.locator(f"[data-channel='{workspace.channel('rte-review')}']").click()
    expect(tab.locator(".pane-title")).to_have_text("rte-review")
    expect(tab.locator(".attachment")).to_have_count(0)
    tab.locator(f"[data-channel='{workspace.channel('rte')}']").click()
    expect(tab.locator(".attachment.is-there")).to_have_count(1)


def test_a_file_dropped_in_a_thread_stays_there(tab: Page, workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    root = workspace.say("lea", "batch two", rte)["ts"]
    tab.locator(".message", has_text="batch two").hover()
    tab.get_by_role("button", name="Reply in thread").click()
    thread = tab.locator("#thread")
    thread.locator("input[type=file]").set_input_files(Path(__file__))
    thread.locator(".composer-field").press("Enter")
    expect(thread.locator(".file-card")).to_contain_text("test_page_files.py")
    expect(thread.locator(".file-lines")).to_contain_text("Files on the page")
    assert len(workspace.messages("ana", rte, thread_ts=root)) == 2


def test_the_report_of_the_app_appears_in_its_thread_at_once(tab: Page, app: SmallApp, workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    root = app.web.chat_postMessage(channel=rte, text="42 rows were refused")["ts"]
    tab.locator(".message", has_text="42 rows").hover()
    tab.get_by_role("button", name="Reply in thread").click()
    expect(tab.locator("#thread .message")).to_have_count(1)
    app.web.files_upload_v2(
        channel=rte, thread_ts=root, filename="refused.csv", content="line,reason\n7,empty\n", initial_comment="Here:"
    )
    expect(tab.locator("#thread .file-card")).to_contain_text("refused.csv")
    expect(tab.locator("#thread .message").nth(1)).to_contain_text("Here:")


def test_pictures_are_shown_and_deleted_files_leave_a_note(tab: Page, workspace: Workspace) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), (90, 63, 180)).save(picture, "PNG")
    workspace.drop_file("lea", workspace.channel("rte"), "chart.png", picture.getvalue(), text="look")
    shown = tab.get_by_role("img", name="chart.png")
    expect(shown).to_be_visible()
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 40
    tab.get_by_role("button", name="Delete chart.png").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.locator(".file-gone")).to_have_text("This file was deleted.")
    expect(shown).to_have_count(0)


def test_only_whoever_uploaded_a_file_is_offered_to_delete_it(tab: Page, workspace: Workspace) -> None:
    workspace.drop_file("ben", workspace.channel("rte"), "his.csv", b"id\n")
    expect(tab.locator(".file-card")).to_be_visible()
    expect(tab.get_by_role("button", name="Delete his.csv")).to_have_count(0)


def test_cards_fit_narrow_windows(tab: Page, workspace: Workspace) -> None:
    wide = ",".join(f"column {number}" for number in range(30))
    workspace.drop_file("lea", workspace.channel("rte"), "x" * 200 + ".csv", f"{wide}\n{wide}\n".encode())
    drop(tab, *[(f"{number}{'y' * 90}.csv", "id\n") for number in range(5)])
    for width in (390, 980):
        tab.set_viewport_size({"width": width, "height": 700})
        expect(tab.locator(".attachment.is-there"), str(width)).to_have_count(5)
        expect(tab.locator(".file-card"), str(width)).to_be_visible()
        expect(tab.locator(".composer-send"), str(width)).to_be_in_viewport(ratio=1)
        expect(tab.locator("#person-button"), str(width)).to_be_in_viewport(ratio=1)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        fit = "[...document.querySelectorAll('.feed')].every((feed) => feed.scrollWidth <= feed.clientWidth)"
        assert tab.evaluate(fit), width

"""Every kind of block and text is drawn, and nothing that somebody wrote becomes an element."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from tests.chromium import Look
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Json = dict[str, Any]
# The smallest PNG there is: one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da63fcff1f0002eb01f5e5c8a1130000000049454e44ae426082"
)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def marked(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def line(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def words(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


@pytest.fixture
def web(workspace: Workspace) -> WebClient:
    return WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


def post(web: WebClient, workspace: Workspace, *blocks: Json, text: str = "a card") -> str:
    return str(web.chat_postMessage(channel=workspace.channel("rte"), text=text, blocks=list(blocks) or None)["ts"])


ONE_OPTION = [option("First", "1"), option("Second", "2")]
DRAWN: dict[str, tuple[Json, str, str]] = {
    "header": ({"type": "header", "text": plain("A title :tada:")}, "[role=heading]", "A title 🎉"),
    "divider": ({"type": "divider"}, "hr", ""),
    "section": ({"type": "section", "text": marked("*bold* and _italic_")}, "strong", "bold"),
    "fields": ({"type": "section", "fields": [marked("*Items*\n12"), plain("plain")]}, ".field >> nth=1", "plain"),
    "context": ({"type": "context", "elements": [marked("small `code`")]}, "code", "code"),
    "button": (actions({"type": "button", "text": plain("Press"), "action_id": "b"}), "button", "Press"),
    "link button": (
        actions({"type": "button", "text": plain("Go"), "action_id": "b", "url": "https://example.org/"}),
        "a[href='https://example.org/'][rel~=noopener]",
        "Go",
    ),
    "select": (
        actions({"type": "static_select", "action_id": "s", "options": ONE_OPTION, "initial_option": ONE_OPTION[1]}),
        "[role=combobox]",
        "Second",
    ),
    "several": (
        {
            "type": "section",
            "text": marked("x"),
            "accessory": {
                "type": "multi_static_select",
                "action_id": "m",
                "options": ONE_OPTION,
                "initial_options": ONE_OPTION,
            },
        },
        ".chip >> nth=1",
        "Second",
    ),
    "people": (actions({"type": "users_select", "action_id": "u", "placeholder": plain("Who")}), ".select", "Who"),
    "conversations": (actions({"type": "conversations_select", "action_id": "c"}), ".select", "Select an option"),
    "channels": (actions({"type": "channels_select", "action_id": "c"}), ".select", "Select an option"),
    "external": (
        actions({"type": "external_select", "action_id": "e", "placeholder": plain("Find")}),
        ".select",
        "Find",
    ),
    "radio": (
        actions({"type": "radio_buttons", "action_id": "r", "options": ONE_OPTION}),
        "[role=radiogroup] label >> nth=1",
        "Second",
    ),
    "checkboxes": (
        actions({"type": "checkboxes", "action_id": "x", "options": ONE_OPTION}),
        "[role=group] label >> nth=0",
        "First",
    ),
    "overflow": (
        actions({"type": "overflow", "action_id": "o", "options": ONE_OPTION}),
        "button[aria-haspopup=menu]",
        "",
    ),
    "date": (actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-08-03"}), "input[type=date]", ""),
    "time": (actions({"type": "timepicker", "action_id": "t", "initial_time": "09:30"}), "input[type=time]", ""),
    "rich text": (rich(line(words("loud", bold=True), words(" *not bold*"))), "strong", "loud"),
    "list": (
        rich({"type": "rich_text_list", "style": "ordered", "elements": [line(words("one")), line(words("two"))]}),
        "ol > li >> nth=1",
        "two",
    ),
    "nested list": (
        rich({"type": "rich_text_list", "style": "bullet", "indent": 2, "elements": [line(words("deep"))]}),
        "ul.list-level-2 > li",
        "deep",
    ),
    "quote": (rich({"type": "rich_text_quote", "elements": [words("said")]}), "blockquote", "said"),
    "code": (rich({"type": "rich_text_preformatted", "elements": [words("a <b> c")]}), "pre", "a <b> c"),
    "markdown": ({"type": "markdown", "text": "# Title\n\n- a **b**"}, "ul li strong", "b"),
    "table": (
        {
            "type": "table",
            "rows": [[{"type": "raw_text", "text": "Head"}], [{"type": "raw_text", "text": "Cell"}]],
        },
        "tbody td",
        "Cell",
    ),
    "other kinds": (
        {
            "type": "video",
            "alt_text": "film",
            "title": plain("Film"),
            "thumbnail_url": "https://example.org/a.png",
            "video_url": "https://example.org/v",
        },
        "details",
        "video (not drawn here)",
    ),
}


def test_every_kind_of_block_is_drawn(web: WebClient, workspace: Workspace, tab: Page) -> None:
    posted = {name: post(web, workspace, block) for name, (block, _, _) in DRAWN.items()}
    tab.reload()
    for name, (block, selector, shown) in DRAWN.items():
        drawn = tab.locator(f"[data-ts='{posted[name]}'] [data-block-type='{block['type']}']").locator(selector).first
        expect(drawn, name).to_be_attached()
        expect(drawn, name).to_contain_text(shown)


@pytest.fixture
def tab(look: Look, workspace: Workspace) -> Page:
    return look("ana", channel=workspace.channel("rte"))


def test_a_picture_of_the_workspace_is_drawn_from_its_file(web: WebClient, workspace: Workspace, tab: Page) -> None:
    uploaded = web.files_upload_v2(content=PIXEL, filename="chart.png", title="Chart")
    file_id = uploaded["file"]["id"]

    def posted() -> bool:
        image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "Alpha by day", "title": plain("Alpha")}
        return bool(workspace.call("chat.postMessage", channel=workspace.channel("rte"), blocks=[image])["ok"])

    wait_for(posted)
    picture = tab.get_by_role("img", name="Alpha by day")
    expect(picture).to_have_js_property("naturalWidth", 1)
    expect(tab.locator("figcaption")).to_have_text("Alpha")


def test_mentions_links_and_dates_read_as_in_slack(web: WebClient, workspace: Workspace, tab: Page) -> None:
    ben, rte = workspace.user("ben"), workspace.channel("rte")
    text = f"<@{ben}> in <#{rte}> <!here> <https://example.org|a link> <!date^0^{{date_num}}|long ago> 2*3*4 a_b_c"
    ts = post(web, workspace, text=text)
    message = tab.locator(f"[data-ts='{ts}'] .text")
    expect(message).to_have_text("@Ben Annotator in #rte @here a link 01/01/1970 2*3*4 a_b_c")
    expect(message.get_by_role("link", name="a link")).to_have_attribute("href", "https://example.org/")
    expect(message.get_by_role("link", name="#rte")).to_have_attribute(
        "href", f"?user={workspace.user('ana')}&channel={rte}"
    )
    assert message.locator("strong, em").count() == 0


HOSTILE = "<img src=x onerror='window.hit=1'><script>window.hit=1</script></div><b>x</b> <javascript:hit()|y>"


def test_hostile_text_creates_no_elements(web: WebClient, workspace: Workspace, tab: Page) -> None:
    escaped = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    ts = post(
        web,
        workspace,
        {"type": "section", "text": plain(HOSTILE)},
        {"type": "section", "text": marked(escaped)},
        {"type": "header", "text": plain(HOSTILE)},
        {"type": "markdown", "text": HOSTILE + "\n\n[z](javascript:hit())"},
        rich(line(words(HOSTILE)), {"type": "rich_text_preformatted", "elements": [words(HOSTILE)]}),
        {"type": "table", "rows": [[{"type": "raw_text", "text": HOSTILE}], [{"type": "raw_text", "text": HOSTILE}]]},
        actions({"type": "button", "text": plain(HOSTILE[:70]), "action_id": "b"}),
    )
    message = tab.locator(f"[data-ts='{ts}']")
    expect(message.locator("[data-block-type=rich_text] .paragraph")).to_have_text(HOSTILE)
    expect(message.locator("[data-block-type=rich_text] pre")).to_have_text(HOSTILE)
    expect(message.locator("td")).to_have_text(HOSTILE)
    assert message.locator("img, script, b, iframe, a[href^='javascript']").count() == 0
    assert tab.evaluate("window.hit") is None


def test_a_hostile_name_is_a_name(workspace: Workspace, look: Look) -> None:
    workspace.set_user(workspace.user("ben"), real_name="<b>Ben</b> & co")
    workspace.say("ben", "hello", channel=workspace.channel("rte"))
    tab = look("ana", channel=workspace.channel("rte"))
    expect(tab.locator(".author")).to_have_text("<b>Ben</b> & co")
    workspace.set_user(workspace.user("ben"), real_name="Ben Annotator")


def test_long_text_folds_and_stays_unfolded_when_the_message_changes(
    web: WebClient, workspace: Workspace, tab: Page
) -> None:
    text = "\n".join(f"line {number}" for number in range(60))
    ts = post(web, workspace, text=text)
    body = tab.locator(f"[data-ts='{ts}'] .body")
    expect(body).to_have_class("body folded")
    tab.get_by_role("button", name="Show more").click()
    expect(body).to_have_class("body")
    web.chat_update(channel=workspace.channel("rte"), ts=ts, text=text + "\nthe last")
    expect(body).to_contain_text("the last")
    expect(body).to_have_class("body")


def test_right_to_left_text_takes_its_own_direction(workspace: Workspace, tab: Page) -> None:
    workspace.say("ben", "مرحبا بالعالم", channel=workspace.channel("rte"))
    paragraph = tab.locator(".paragraph", has_text="مرحبا")
    expect(paragraph).to_have_css("direction", "rtl")


MARKUP = st.text(alphabet="qwv*_~`<>&:|@#! \n", max_size=60)
READ = """async (texts) => {
  const near = (path) => new URL(path, document.querySelector("script[type=module]").src).href;
  const {mrkdwn} = await import(near("text/mrkdwn.js"));
  const {markdown} = await import(near("text/markdown.js"));
  const seen = (node) => ({text: node.textContent, tags: [...node.querySelectorAll("*")].map((one) => one.localName)});
  return texts.map((text) => [seen(mrkdwn(text)), seen(markdown(text))]);
}"""
TAGS = {"div", "pre", "code", "strong", "em", "del", "blockquote", "span", "a", "ul", "ol", "li", "hr", "br"}


def letters(text: str) -> str:
    return "".join(sign for sign in text if sign in "qwv")


def test_no_markup_loses_a_letter_or_makes_an_unknown_element(tab: Page) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(MARKUP, min_size=1, max_size=60))
    def check(texts: list[str]) -> None:
        for text, (slack, common) in zip(texts, tab.evaluate(READ, texts), strict=True):
            for seen in (slack, common):
                assert letters(seen["text"]) == letters(text), text
                assert set(seen["tags"]) <= TAGS | {"table", "thead", "tbody", "tr", "td", "th"}

    check()


def test_thousands_of_unclosed_signs_are_all_shown(tab: Page) -> None:
    sizes = tab.evaluate(
        """async () => {
          const near = (path) => new URL(path, document.querySelector("script[type=module]").src).href;
          const {mrkdwn} = await import(near("text/mrkdwn.js"));
          return ["* a", "<", ":a", "_a", "&lt;"].map((sign) => mrkdwn(sign.repeat(13000)).textContent.length);
        }"""
    )
    assert sizes == [39000, 13000, 26000, 26000, 13000]

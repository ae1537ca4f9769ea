"""Pictures of what comes in: a dropped file from its card to its refused rows, and a project that is made in chat."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from bot.demo import crowd
from tests.browser import pictures
from tests.browser.pages import button, choose, command, drop, message, thread
from tests.house.house import House

Window = Callable[[str, str | None], Page]
FILE = "news-of-november.csv"
FRESH = (
    (
        "The harbour of Rotterdam handled more containers in October than in any month before.",
        "Rotterdam has a harbour.",
    ),
    ("Dr Ines Carvalho, who led the excavation, will speak in Évora on Friday.", "Ines Carvalho is an archaeologist."),
    ("After two years of repairs the old bridge was opened again by the mayor.", "The mayor repaired the bridge."),
    ("The orchestra played Brahms to a hall that had been sold out for weeks.", "Nobody came to hear Brahms."),
    ("Snow closed the pass on Tuesday; lorries were sent round by the coast.", "Lorries could not use the pass."),
    ("The museum bought the painting for 2.4 million euros at an auction.", "The painting was sold by the museum."),
    ("Rain delayed the final by an hour, but it was played to its end.", "The final was played."),
    ("The bakery on Mill Street has been run by one family since 1911.", "The bakery is over a hundred years old."),
)
FORM = {
    "Name": "Support Mail",
    "Question": "What does this customer want?",
    "Labels": "refund | Money back | They ask for what they paid\nrepair | Money back | They want it mended\nother | Else",
}


def take(house: House, window: Window, folder: Path) -> None:
    """All pictures of a file and of a new project."""
    lea = window("lea", "rte")
    lea.bring_to_front()
    drop(lea, FILE, _table())
    talk = thread(lea, message(lea, FILE))
    expect(button(talk, "Change mapping")).to_be_visible()
    pictures.thread(lea, folder / "import-question.png")
    button(talk, "Change mapping").click()
    form = lea.get_by_role("dialog", name="Change mapping")
    for role, column in (("text", "premise"), ("id", "uid"), ("segment", "source")):
        choose(lea, form, role, column)
    pictures.modal(lea, folder / "import-mapping.png")
    button(form, "Look again").click()
    expect(button(talk, "Import")).to_be_visible()
    _both(lea, folder, "import-preview", lambda file: pictures.thread(lea, file))
    button(talk, "Import").click()
    expect(message(lea, "Imported as lot")).to_be_visible()
    expect(talk.locator(".file-card", has_text="Refused rows")).to_be_visible()
    pictures.thread(lea, folder / "import-report.png")
    _new_project(house, lea, folder)


def _new_project(house: House, tab: Page, folder: Path) -> None:
    tab.get_by_role("button", name="Close thread").click()
    command(tab, "/concord new")
    form = tab.get_by_role("dialog", name="New project")
    for label, typed in FORM.items():
        form.get_by_role("textbox", name=label, exact=True).fill(typed)
    button(form, "Make it").click()
    expect(form.get_by_role("alert")).to_have_count(2)
    pictures.modal(tab, folder / "project-new.png")
    form.get_by_role("textbox", name="Name", exact=True).fill("support")
    labels = FORM["Labels"].replace("repair | Money back", "repair | Repair")
    form.get_by_role("textbox", name="Labels", exact=True).fill(labels)
    button(form, "Make it").click()
    expect(form).to_have_count(0)
    tab.locator(f"[data-channel='{house.workspace.dm('lea')}']").click()
    expect(message(tab, "support is made")).to_be_visible()
    pictures.message(message(tab, "support is made"), folder / "project-made.png")


def _both(tab: Page, folder: Path, name: str, shot: Callable[[Path], None]) -> None:
    shot(folder / f"{name}.png")
    tab.emulate_media(color_scheme="dark")
    shot(folder / f"{name}-dark.png")
    tab.emulate_media(color_scheme="light")


def _table() -> str:
    """New rows, some that the project has already or nearly so, and some that cannot become items."""
    there = crowd.data()[0]
    rows = [(f"n{number}", *texts, "newsroom") for number, texts in enumerate(FRESH, start=1)]
    rows += [
        (f"n{number}", row["text"], row["hypothesis"], "archive") for number, row in enumerate(there[:3], start=20)
    ]
    rows += [
        (f"n{number}", f"{row['text']}..", row["hypothesis"], "archive")
        for number, row in enumerate(there[3:7], start=30)
    ]
    rows += [
        ("n40", "", "Nobody knows.", "newsroom"),
        ("n41", "The text of an item &amp; its hypothesis.", "", "newsroom"),
    ]
    rows += [("n1", "Another text for an id that stands above.", "It is another text.", "newsroom")]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("uid", "premise", "hypothesis", "source"))
    writer.writerows(rows)
    return text.getvalue()

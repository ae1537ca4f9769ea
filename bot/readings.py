"""Values for templates: the workflow's views, fitted to what a card can hold, with times in the project's zone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from bot import readings_cases, readings_guidelines
from bot.reader_pages import page_of
from bot.sender.drawing import Picture
from storage.tables import Assignment, Digest, Escalation, Finding, Item, Project, Review, Role
from templates import markdown
from templates.charts import ChartDay, alt_text, daily_chart
from templates.foreign import escaped_length
from templates.slack import RICH_TEXT
from templates.text import shorten
from workflow import assignment, calendar, digest, people, quality_counts
from workflow.guidelines.acknowledgement import coverage
from workflow.nothing import Why
from workflow.views.batch import batch_view, shown_fields
from workflow.views.case import case_view, labels_view
from workflow.views.home import home_view

CARD_TEXT = 6000
NOTICE_TEXT = 1200
FIRST_FLAGS = 10
FIRST_PEOPLE = 5
FIRST_SHARES = 20
FIRST_LABELS = 80
FIRST_PROJECTS = 6
HOME_BLOCKS = 99
PROJECT_BLOCKS = 13
"""Of a project in Home, besides its cases and rulings; one more block says how many projects are left out."""
NOTE = 300
NOT_YET = "shown to you once you have answered the items that are open to you"
CASE_TEXT = 90


def batch(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """A batch's card."""
    view = batch_view(session, context["id"])
    if view is None:
        return None
    view |= {"back_value": f"{view['id']}:{view['back']}", "forward_value": f"{view['id']}:{view.get('forward')}"}
    if view["item"] is not None:
        view["item"]["fields"], view["long"] = fit(view["item"]["fields"], CARD_TEXT)
    return view


def case(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """An escalation's card."""
    view = case_view(session, context["id"])
    if view is None:
        return None
    view["fields"], view["long"] = fit(view["fields"], CARD_TEXT - 2000)
    return {**readings_cases.shown(_first_flags(view)), "told": context.get("asked", "") if view["open"] else ""}


def _first_flags(view: dict[str, Any]) -> dict[str, Any]:
    flags = view["flags"]
    view["more_flags"] = max(0, len(flags) - FIRST_FLAGS)
    view["flags"] = [{**flag, "note": shorten(flag["note"], NOTE)} for flag in flags[:FIRST_FLAGS]]
    return view


def fit(fields: Sequence[Mapping[str, str]], room: int) -> tuple[list[dict[str, str]], bool]:
    """Texts cut so that all together fit, the short ones whole; and whether any was cut."""
    left, fitted = room, {}
    by_length = sorted(range(len(fields)), key=lambda n: escaped_length(fields[n]["text"]))
    for done, n in enumerate(by_length):
        # What is cut here has a button to read the rest; what rendering cuts has none.
        share = min(left // (len(fields) - done), RICH_TEXT)
        fitted[n] = shorten(fields[n]["text"], share, escaped_length) or " "
        left -= escaped_length(fitted[n])
    cut = any(fitted[n] != (field["text"] or " ") for n, field in enumerate(fields))
    return [{"name": field["name"], "text": fitted[n]} for n, field in enumerate(fields)], cut


def nothing(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """Why there is no batch; ``until`` comes in ISO format (UTC) and is shown in the project's zone.

    None where a guideline was to be read first, and has been read since.
    """
    project = _project(session, context["project_id"])
    until = context.get("until")
    shown = f"{_local(until, project.time_zone)} ({project.time_zone})" if until else ""
    to_read = None
    if context["why"] == Why.GUIDELINE:
        to_read = readings_guidelines.to_read(
            session, context["project_id"], context["person_id"], project.time_zone, now
        )
        if to_read is None:
            return None
    return {"project": project.name, "why": context["why"], "until": shown, "to_read": to_read}


def kept_digest(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """A digest for its channel, with its chart."""
    row = session.execute(
        select(col(Digest.numbers), col(Digest.project_id), col(Project.time_zone))
        .join(Project, col(Project.id) == col(Digest.project_id))
        .where(col(Digest.id) == context["id"])
    ).first()
    if row is None:
        return None
    name, days = chart(session, context["id"])
    alt = alt_text([ChartDay(**day) for day in days], f"{name}: agreement and labels per digest")
    shown = _digest(row.numbers, row.time_zone)
    return {**shown, "file_id": context.get("file_id", ""), "alt_text": alt, "may_post": False}


def asked_digest(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The numbers since the last digest, for who asked."""
    project = _project(session, context["project_id"])
    shown = _digest(digest.asked(session, context["project_id"], now), project.time_zone)
    if assignment.holds_places(session, context["project_id"], context["user_id"]):
        # Nobody sees what others answered before they have answered themselves, not even as shares.
        shown["agreement"] = {**shown["agreement"], "words": NOT_YET, "raw": None, "shares": [], "confused": None}
        shown["more_shares"] = 0
    return {**shown, "project_id": context["project_id"], "may_post": True, "file_id": ""}


def _digest(numbers: Mapping[str, Any], zone: str) -> dict[str, Any]:
    given = [share for share in numbers["agreement"]["shares"] if share["share"] > 0]
    shares = sorted(given, key=lambda share: -share["share"])
    agreement = {**numbers["agreement"], "shares": shares[:FIRST_SHARES]}
    return {
        **numbers,
        "agreement": agreement,
        "since": _local(numbers["from"], zone),
        "till": _local(numbers["to"], zone),
        "zone": zone,
        "ends": _day(numbers["expected_end"], zone),
        "oldest": _local(numbers["escalations"]["oldest"], zone),
        "guideline": _unread(numbers.get("guideline")),
        "quality": _waiting(numbers.get("quality")),
        "people": numbers["people"][:FIRST_PEOPLE],
        "more_people": max(0, len(numbers["people"]) - FIRST_PEOPLE),
        "more_shares": max(0, len(shares) - FIRST_SHARES),
    }


def _unread(guideline: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Who has not read the guideline; nothing where everybody has. Digests of earlier revisions do not know."""
    return readings_guidelines.covered(guideline) if guideline and guideline["missing"] else None


def _waiting(quality: dict[str, int] | None) -> str:
    """What quality assurance waits for, in words. Digests of earlier revisions do not know."""
    return quality_counts.in_words(quality) if quality else ""


def _local(moment: str | None, zone: str) -> str:
    return calendar.in_words(datetime.fromisoformat(moment), zone) if moment else ""


def _day(moment: str | None, zone: str) -> str:
    return calendar.day_in_words(datetime.fromisoformat(moment), zone) if moment else ""


def digest_picture(session: Session, context: Mapping[str, Any]) -> Picture:
    """A digest's chart, from the digests that were kept."""
    name, days = chart(session, context["id"])
    chart_days = [ChartDay(**day) for day in days]
    title = f"{name}: agreement and labels per digest"
    return Picture(daily_chart(chart_days, title), alt_text(chart_days, title), f"digest-{context['id']}.png")


def chart(session: Session, digest_id: int) -> tuple[str, list[dict[str, Any]]]:
    """A digest's project and what its chart shows."""
    row = session.execute(
        select(col(Digest.project_id), col(Project.name))
        .join(Project, col(Project.id) == col(Digest.project_id))
        .where(col(Digest.id) == digest_id)
    ).one()
    return row.name, digest.chart_days(session, row.project_id, digest_id)


def home(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """App Home."""
    view = home_view(session, context["user_id"], now)
    first = view["projects"][:FIRST_PROJECTS]
    room = (HOME_BLOCKS - PROJECT_BLOCKS * len(first)) // (2 * max(1, len(first)))
    shown = [{**_home_project(one, room), **_to_read(session, one, now)} for one in first]
    return {"projects": shown, "more_projects": max(0, len(view["projects"]) - FIRST_PROJECTS)}


def _home_project(project: Mapping[str, Any], room: int) -> dict[str, Any]:
    """``room`` cases and as many rulings at most."""
    cases = [{**case, "text": shorten(case["text"], CASE_TEXT)} for case in project.get("cases", ())[:room]]
    shown = {**project, "rulings": list(project.get("rulings", ()))[:room], "cases": cases}
    if project["leads"]:
        zone = project["time_zone"]
        shown |= {"since": _local(project["since"], zone), "ends": _day(project["progress"]["expected_end"], zone)}
    return shown


def _to_read(session: Session, project: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What they have to read; and who has not, for who leads."""
    reads = project["annotates"] or Role.REVIEWER in project["roles"]
    zone, person_id = project["time_zone"], project["person_id"]
    found = readings_guidelines.to_read(session, project["id"], person_id, zone, now) if reads else None
    if found and not project["annotates"]:
        found["hold"] = ""
    covered = coverage.of(session, project["id"]) if project["leads"] else None
    missing = covered is not None and covered.missing
    return {"to_read": found, "coverage": readings_guidelines.covered(covered) if covered and missing else None}


def flag_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """The modal behind *Unclear*."""
    name = session.execute(
        select(col(Project.name))
        .join(Assignment, col(Assignment.project_id) == col(Project.id))
        .where(col(Assignment.id) == context["assignment_id"])
    ).scalar_one()
    return {"project": name, "metadata": f"{context['assignment_id']}:{context['us']}"}


def rule_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The modal in which a reviewer rules, or (without a value to choose) sends back."""
    view = case_view(session, context["id"])
    if view is None:
        return None
    view["fields"], _ = fit(view["fields"], CARD_TEXT - 2000)
    if context.get("send_back"):
        view["labels"] = []
    kind = "back" if context.get("send_back") else "rule"
    return {
        **readings_cases.shown(_first_flags(view)),
        **readings_cases.form(session, view),
        "chosen": context.get("value_id", 0),
        "metadata": f"{kind}:{view['id']}:{view['version']}",
    }


def labels(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """The labels of a case."""
    found = labels_view(session, context["id"])["labels"]
    return {"labels": found[:FIRST_LABELS], "more_labels": max(0, len(found) - FIRST_LABELS)}


def item_text(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """An item's whole text, page by page; by assignment, by case, by review or by finding."""
    item: Any = select(col(Item.fields), col(Item.key), col(Project.fields).label("names"), col(Project.name))
    if "case_id" in context:
        item = item.join(Escalation, col(Escalation.item_id) == col(Item.id)).where(
            col(Escalation.id) == context["case_id"]
        )
        source = f"case:{context['case_id']}"
    elif "review_id" in context:
        item = item.join(Review, col(Review.item_id) == col(Item.id)).where(col(Review.id) == context["review_id"])
        source = f"review:{context['review_id']}"
    elif "finding_id" in context:
        item = item.join(Finding, col(Finding.item_id) == col(Item.id)).where(col(Finding.id) == context["finding_id"])
        source = f"audit:{context['finding_id']}"
    else:
        item = item.join(Assignment, col(Assignment.item_id) == col(Item.id)).where(
            col(Assignment.id) == context["assignment_id"]
        )
        source = f"item:{context['assignment_id']}"
    row = session.execute(item.join(Project, col(Project.id) == col(Item.project_id))).one()
    blocks = markdown.text_pages([(field["name"], field["text"]) for field in shown_fields(row.fields, row.names)])
    return page_of(blocks, context.get("page", 1), source, title="Whole text", subtitle=f"{row.name}, item {row.key}")


def people_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """Who is in a project, and a form to add, change or remove somebody."""
    project = _project(session, context["project_id"])
    found = people.members(session, context["project_id"])
    return {
        "project": project.name,
        "metadata": str(context["project_id"]),
        "members": [
            {"name": one.name, "roles": ", ".join(role.value for role in one.roles), "problem": one.problem or ""}
            for one in found[:FIRST_LABELS]
        ],
        "more_members": max(0, len(found) - FIRST_LABELS),
    }


def assign_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """A form to give batches to people."""
    project = _project(session, context["project_id"])
    return {"project": project.name, "metadata": str(context["project_id"]), "size": project.batch_size}


def _project(session: Session, project_id: int) -> Any:
    return session.execute(
        select(col(Project.name), col(Project.time_zone), col(Project.batch_size)).where(col(Project.id) == project_id)
    ).one()

"""The slash command: ``/concord WORD ...``."""

import re
from collections.abc import Callable, Mapping

from sqlmodel import Session

from handlers import guidelines
from handlers.answer import Answer, OpenView, Say
from handlers.audit_start import open_audit
from handlers.batches import get_batch
from handlers.click import Click
from handlers.desk import Desk
from handlers.near import open_pairs
from handlers.projects import open_settings
from handlers.proposals import open_form as open_proposal
from handlers.reviews import open_review
from storage.tables import Role
from workflow import people
from workflow.errors import RefusedError
from workflow.finding import project_for
from workflow.handing_out import hand_out, in_words

HELP = """Concord runs annotation in Slack. What you can say here:
/concord batch [project] - get your next batch (annotators)
/concord review [project] - the next accepted item to look at (reviewers, leads)
/concord audit [project] - start an audit; audit next - the next item of one (auditors, leads, managers)
/concord digest [project] - the numbers since the last digest, for you alone (leads)
/concord assign @somebody 25 [project] - give somebody a batch (leads)
/concord assign everybody 25 [project] - a batch for everybody who is free (leads)
/concord people [project] - who is in a project; add, change, remove (leads)
/concord near [project] - items that say nearly the same; give linked ones back (leads)
/concord guideline [project] - read the guideline; all its versions
/concord guideline list | show 1.2 | diff 1.2 2.0 - its versions, one of them, what changed
/concord guideline propose [project] - propose a change of it
/concord new - make a project
/concord settings [project] - change what a project is (leads)
With one project, or in a project's channel, its name can be left out. Your work waits in App Home."""

Word = Callable[[Session, Click, list[str]], Answer | list[Answer] | None]
MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


def register(desk: Desk, more: Mapping[str, Word]) -> None:
    """The command, with the words of this installation besides the ones that are always there."""
    words = {**WORDS, **more}

    def command(session: Session, click: Click) -> Answer | list[Answer] | None:
        word, *rest = click.text.split() or ["help"]
        said = words.get(word.lower())
        if said is None:
            raise RefusedError(f"There is no “/concord {word[:40]}”. Say “/concord help” to see what there is.")
        return said(session, click, rest)

    desk.command("/concord", command)


def show_help(_session: Session, _click: Click, _rest: list[str]) -> Answer:
    """What there is to say."""
    return Say("said", {"message": HELP})


def batch(session: Session, click: Click, rest: list[str]) -> list[Answer]:
    """The next batch, as *Get a batch* in Home."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, Role.ANNOTATOR)
    return get_batch(session, click.about(project_id))


def digest(session: Session, click: Click, rest: list[str]) -> Answer:
    """The numbers since the last digest."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, Role.LEAD, Role.MANAGER)
    people.require(session, project_id, click.user_id, Role.LEAD, Role.MANAGER)
    return Say("asked_digest", {"project_id": project_id, "user_id": click.user_id})


def assign(session: Session, click: Click, rest: list[str]) -> Answer:
    """``@somebody 25``, several people, or ``everybody 25``."""
    to = [found[1] for found in map(MENTION.fullmatch, rest) if found]
    everybody = "everybody" in (word.lower() for word in rest)
    names = [word for word in rest if word.startswith("@")]
    sizes = [int(word[:4]) for word in rest if word.isdecimal()]
    project = [word for word in rest if not (MENTION.fullmatch(word) or word.startswith("@") or word.isdecimal())]
    project = [word for word in project if word.lower() != "everybody"]
    project_id = project_for(session, click.user_id, project, click.reply.channel, Role.LEAD)
    people.require(session, project_id, click.user_id, Role.LEAD)
    to += names
    if not to and not everybody:
        raise RefusedError("To whom? “/concord assign @somebody 25”, or “/concord assign everybody 25”.")
    size = sizes[0] if sizes else None
    if len(sizes) > 1:
        raise RefusedError("How many? Say one number: “/concord assign @somebody 25”.")
    if size is not None and not 1 <= size <= 100:
        raise RefusedError("A batch has from 1 to 100 items.")
    wanted = [] if everybody else to
    told = hand_out(session, project_id, click.user_id, wanted, size, click.now, asked=click.key)
    return Say("said", {"message": in_words(told)})


def open_people(session: Session, click: Click, rest: list[str]) -> Answer:
    """The form with the people of a project."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, Role.LEAD)
    people.require(session, project_id, click.user_id, Role.LEAD)
    return OpenView("people", {"project_id": project_id})


def guideline(session: Session, click: Click, rest: list[str]) -> Answer | list[Answer] | None:
    """The guideline of a project; or what the next word says of it."""
    if rest and (said := GUIDELINE_WORDS.get(rest[0].lower())):
        return said(session, click, rest[1:])
    return guidelines.show(session, click, rest)


GUIDELINE_WORDS: dict[str, Word] = {**guidelines.WORDS, "propose": open_proposal}
WORDS: dict[str, Word] = {
    "help": show_help,
    "batch": batch,
    "digest": digest,
    "assign": assign,
    "people": open_people,
    "guideline": guideline,
    "near": open_pairs,
    "review": open_review,
    "audit": open_audit,
    "settings": open_settings,
}

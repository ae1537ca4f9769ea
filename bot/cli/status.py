"""``concord status``: how things stand, on one screen."""

from __future__ import annotations

from typing import Any

from bot.cli.opening import AsJson, now, opened, print_json


def status(as_json: AsJson = False) -> None:
    """Print how things stand: projects, what waits, messages, digests, the store.

    \b
    Example:
      concord status --json
    """
    from storage import schema
    from workflow import standing

    with opened() as store, store.read() as session:
        found: dict[str, Any] = {
            "at": now().isoformat(),
            "store": store.engine.url.render_as_string(hide_password=True),
            "revision": schema.newest(),
            "bytes": standing.size(session),
            "projects": standing.projects(session, now()),
            "outbox": standing.outbox(session),
        }
    if as_json:
        print_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    from workflow import quality_counts

    size = "size unknown" if found["bytes"] is None else f"{found['bytes'] / 1e6:,.1f} MB"
    print(f"Store   {found['store']}: {size}, revision {found['revision']}")
    waits = ", ".join(f"{count:,} {state}" for state, count in found["outbox"].items()) or "everything was delivered"
    print(f"Outbox  {waits}" + ("  (concord outbox list)" if found["outbox"] else ""))
    for one in found["projects"]:
        digest = one["last_digest"] or "none yet"
        print(
            f"{one['name']}: {one['done']:,} of {one['items']:,} items done, {one['open_cases']:,} wait for a ruling, "
            f"{one['people']:,} people, {one['labels_needed']:,} labels needed, last digest {digest}"
        )
        if one["quality"]:
            print(f"  {quality_counts.in_words(one['quality'])}")
        if one["unfinished_imports"]:
            print(f"  {one['unfinished_imports']} of its imports are not finished: concord lots list {one['name']}")
    if not found["projects"]:
        print("There is no project yet: concord project create -f project.yaml")

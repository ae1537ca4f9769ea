"""What a message carries when it comes by the Web API, by a response_url or in an ack: checked once, here."""

import json
import re
from dataclasses import dataclass
from typing import Any

from sandbox import file_shapes, posting, shapes
from sandbox.api.registry import SlackError
from sandbox.rules.messages import POSTED_TEXT, check_message_blocks, check_metadata, check_text
from sandbox.simulator import Simulator

Json = dict[str, Any]
METADATA_SIZE = 8_000
_FILE_ID = re.compile(r"F0[A-Z0-9]{9}")


@dataclass
class Content:
    """Text as Slack keeps it, blocks with all their ids, metadata. None: not given."""

    text: str | None
    blocks: list[Json] | None
    metadata: Json | None


def image_ready(sim: Simulator) -> Any:
    """A test for ``slack_file`` references: a picture, here, whose type is known."""

    def ready(reference: Json) -> bool:
        named = _FILE_ID.search(str(reference.get("url", "")))
        kept = sim.workspace.files.get(reference.get("id") or (named.group() if named else ""))
        return kept is not None and not kept.deleted and file_shapes.mimetype(kept) in file_shapes.PICTURES

    return ready


def read(sim: Simulator, args: Json, *, most_text: int | None = None) -> Content:
    """The content of a message; raises what Slack answers: ``no_text``, ``invalid_blocks``, ..."""
    if args.get("attachments"):
        raise SlackError("invalid_attachments", "[ERROR] the sandbox takes no attachments; use blocks")
    if args.get("markdown_text") is not None:
        raise SlackError("invalid_arguments", "[ERROR] the sandbox takes no markdown_text; use blocks")
    text, blocks, metadata = args.get("text"), args.get("blocks"), args.get("metadata")
    if text is not None and (error := check_text(text)):
        raise SlackError(error, "[ERROR] must be a string of valid unicode [json-pointer:/text]")
    if text and most_text is not None and len(text) > most_text:
        raise SlackError("msg_too_long")
    if blocks is not None and (refused := check_message_blocks(blocks, image_ready(sim))):
        raise SlackError(refused[0], *refused[1])
    if not blocks and not (text or "").strip():
        raise SlackError("no_text")
    if metadata and (error := check_metadata(metadata)):
        raise SlackError(error)
    if metadata and len(json.dumps(metadata)) > METADATA_SIZE:
        raise SlackError("metadata_too_large")
    made = posting.with_ids(blocks) if blocks is not None else None
    kept = shapes.mrkdwn(text[:POSTED_TEXT]) if text else None
    return Content(kept or (shapes.mrkdwn(posting.fallback(made)) if made else None), made, metadata)

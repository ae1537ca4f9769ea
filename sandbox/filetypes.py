"""What kind of file something is, told by its name as Slack tells it, and by its first bytes where the name says nothing."""

from dataclasses import dataclass
from pathlib import Path

SNIPPET_BYTES = 1_000_000
PREVIEW_LINES = 5
PREVIEW_CHARACTERS = 1_000
_HEAD = 65_536


@dataclass(frozen=True)
class Kind:
    """``mimetype``, ``filetype`` and ``pretty_type`` of a file object; ``text`` where the first lines can be shown."""

    mimetype: str
    filetype: str
    pretty: str
    text: bool = False


BINARY = Kind("application/octet-stream", "binary", "Binary")
PLAIN = Kind("text/plain", "text", "Plain Text", text=True)
KINDS = {
    "png": Kind("image/png", "png", "PNG"),
    "jpg": Kind("image/jpeg", "jpg", "JPEG"),
    "jpeg": Kind("image/jpeg", "jpg", "JPEG"),
    "gif": Kind("image/gif", "gif", "GIF"),
    "webp": Kind("image/webp", "webp", "WEBP"),
    "svg": Kind("image/svg+xml", "svg", "SVG"),
    "csv": Kind("text/csv", "csv", "CSV", text=True),
    "tsv": Kind("text/tab-separated-values", "tsv", "TSV", text=True),
    "txt": PLAIN,
    "log": PLAIN,
    "md": Kind("text/markdown", "markdown", "Markdown (raw)", text=True),
    "json": Kind("application/json", "json", "JSON", text=True),
    "yaml": Kind("text/plain", "yaml", "YAML", text=True),
    "yml": Kind("text/plain", "yaml", "YAML", text=True),
    "xml": Kind("application/xml", "xml", "XML", text=True),
    "html": Kind("text/html", "html", "HTML", text=True),
    "py": Kind("text/x-python", "python", "Python", text=True),
    "pdf": Kind("application/pdf", "pdf", "PDF"),
    "zip": Kind("application/zip", "zip", "Zip"),
    "gz": Kind("application/gzip", "gzip", "Gzip"),
    "xlsx": Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "Excel Spreadsheet"),
    "docx": Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", "Word Document"),
}


def extension(name: str) -> str:
    """What follows the last dot of a file name, in small letters."""
    return name.rsplit(".", 1)[-1].lower() if "." in name.strip(".") else ""


def kind_of(name: str, *, readable: bool) -> Kind:
    """The kind of a file; ``readable`` says whether its first bytes are text."""
    known = KINDS.get(extension(name))
    if known is None:
        return PLAIN if readable else BINARY
    return BINARY if known.text and not readable else known


@dataclass(frozen=True)
class Look:
    """What was seen in the bytes of a file: whether they are text, the first lines, and how many lines follow them."""

    readable: bool
    preview: str = ""
    lines_more: int = 0


def look(path: Path) -> Look:
    """Look into a file. Reads its beginning, and all of it only where Slack keeps a snippet (up to 1 MB)."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        text = _text(head, whole=len(head) < _HEAD)
        if text is None:
            return Look(readable=False)
        lines = text.splitlines(keepends=True)
        shown = "".join(lines[:PREVIEW_LINES])[:PREVIEW_CHARACTERS]
        more = max(0, len(lines) - PREVIEW_LINES)
        rest = path.stat().st_size - len(head)
        if 0 < rest <= SNIPPET_BYTES:
            more += file.read().count(b"\n")
    return Look(readable=True, preview=shown.rstrip("\r\n"), lines_more=more)


def _text(head: bytes, *, whole: bool) -> str | None:
    """The bytes as text in UTF-8 or UTF-16, None where they are neither."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    if b"\0" in head:
        return None
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = not whole and error.start >= len(head) - 3  # a character that goes on behind what was read
        return head[: error.start].decode("utf-8-sig") if cut else head.decode("latin-1")

"""JSON answers in ASCII, as Slack's are: half a surrogate pair goes through as an escape instead of failing."""

import json
from typing import Any

from starlette.responses import Response


class JsonAnswer(Response):
    """A value as JSON text."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of the answer."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")

"""The web page of the workspace: one HTML page, its style sheets and its modules, served as they lie on disk."""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import Scope

PAGES = Path(__file__).parent / "pages"

# Scripts come from here alone, so that text in a message could not run even if the page had a hole.
# Pictures may come from anywhere, because an image block may name any address.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src * data: blob:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_templates = Jinja2Templates(directory=PAGES)


async def show_page(request: Request) -> Response:
    """Answer the one HTML page; who looks at it and where they are is read from the address by its modules."""
    page = _templates.TemplateResponse(request, "page.html", {"static": f"/static/{version()}"})
    page.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    page.headers["Cache-Control"] = "no-cache"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def version() -> str:
    """Another one whenever a file was changed: modules of two versions must never mix."""
    files = sorted((PAGES / "static").rglob("*.*"))
    return hashlib.sha256(repr([(str(one), one.stat().st_mtime_ns) for one in files]).encode()).hexdigest()[:12]


class _KeptFiles(StaticFiles):
    """Static files under the address of their version, which the browser need not ask about again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "max-age=86400, immutable"
        return answer


routes: list[BaseRoute] = [
    Route("/", show_page),
    Mount("/static/{version}", _KeptFiles(directory=PAGES / "static"), name="static"),
]

"""A real Bolt app by Socket Mode against the sandbox, for the tests that need somebody on the other side."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient

from tests.sandbox_fixtures import Workspace, wait_for


def make_app(workspace: Workspace) -> App:
    """A Bolt app whose client calls the sandbox."""
    client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
    return App(client=client, signing_secret=workspace.signing_secret, process_before_response=True)


@contextmanager
def connected(workspace: Workspace, app: App) -> Iterator[App]:
    """The app, connected until the block ends."""
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    before = workspace.connections()
    handler = SocketModeHandler(app, workspace.app_token)
    handler.client.web_client.base_url = workspace.api_url
    handler.client.connect()
    wait_for(lambda: workspace.connections() > before)
    try:
        yield app
    finally:
        hang_up(handler.client)
        wait_for(lambda: workspace.connections() == before)


def hang_up(client: SocketModeClient) -> None:
    """Close at once: the SDK's own close leaves the socket open until its reading thread times out (3 s)."""
    client.auto_reconnect_enabled = False
    session = client.current_session
    if session is not None and session.sock is not None:
        with suppress(OSError):
            session.sock.shutdown(socket.SHUT_RDWR)
    threading.Thread(target=client.close, daemon=True).start()

"""A real Bolt app by Socket Mode against the sandbox, for the tests that need somebody on the other side."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

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
    handler.connect()
    wait_for(lambda: workspace.connections() > before)
    try:
        yield app
    finally:
        # the SDK waits up to three seconds for its own reading thread; the connection is gone at once
        threading.Thread(target=handler.close, daemon=True).start()
        wait_for(lambda: workspace.connections() == before)

"""An app that is not Concord: connected by Socket Mode through slack_sdk, it records what it hears."""

from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.sandbox.bolt import hang_up
from tests.sandbox_fixtures import Workspace, wait_for

Json = dict[str, Any]
Answer = Callable[[Json], Json | None]


class SmallApp:
    """``heard`` is every payload; ``on[type]`` gives an ack's payload; ``silent`` leaves everything unacked."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.heard: list[Json] = []
        self.on: dict[str, Answer] = {}
        self.silent = False
        self.web = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
        self._socket = SocketModeClient(
            workspace.app_token, web_client=WebClient(base_url=workspace.api_url), auto_reconnect_enabled=False
        )
        self._socket.socket_mode_request_listeners.append(self._hear)
        self._socket.connect()
        wait_for(workspace.connections)

    def _hear(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        kind = request.payload.get("type") or request.type
        answer = self.on[kind](request.payload) if kind in self.on else None
        self.heard.append(request.payload)
        if not self.silent:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))

    def begin(self) -> None:
        """Forget everything, as if newly started."""
        self.heard.clear()
        self.on.clear()
        self.silent = False

    def actions(self) -> list[Json]:
        """Every action heard so far."""
        return [action for payload in self.heard for action in payload.get("actions", [])]

    def wait_for_action(self, action_id: str) -> Json:
        """The first action with this id, once it was heard."""
        return wait_for(lambda: [one for one in self.actions() if one["action_id"] == action_id])[0]

    def stop(self) -> None:
        """Hang up."""
        hang_up(self._socket)
        wait_for(lambda: self._workspace.connections() == 0)

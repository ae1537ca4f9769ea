"""The Bolt application: who we are in Slack, who may come in, what becomes of faults.

Bolt runs handlers before it answers (``process_before_response``), so that the acknowledgement means that all is
committed. No request makes a Web API call: who we are is asked once, when the bot starts.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.client import SLACK, web_client
from bot.slack.errors import BROKEN, judge
from handlers.answer import Answers, Reply, Say

log = structlog.get_logger()
bolt_log = logging.getLogger("concord.bolt")


class NotConnectedError(Exception):
    """Slack could not be reached, or does not take us. The text says what to do."""


@dataclass(frozen=True)
class Installation:
    """Who we are in the one workspace that is served: what ``auth.test`` says."""

    team_id: str
    team: str
    bot_id: str
    bot_user_id: str
    token: str
    enterprise_id: str | None = None
    scopes: frozenset[str] | None = None
    """What the token may do, where Slack says it."""


def sign_in(client: WebClient) -> Installation:
    """Ask Slack who the bot token is. Raises NotConnectedError with words for whoever starts the bot."""
    try:
        answer = client.auth_test()
    except (SlackApiError, *BROKEN) as error:
        raise NotConnectedError(judge(error).words) from error
    return identify(answer, client.token or "")


def identify(answer: SlackResponse, token: str) -> Installation:
    """Read what ``auth.test`` says. Raises NotConnectedError where it is no bot of one workspace."""
    told: Any = answer.data
    if told.get("is_enterprise_install"):
        raise NotConnectedError(
            "The app is installed for a whole organisation. Concord serves one workspace: install it there, and use the "
            "bot token of that installation."
        )
    if not told.get("bot_id"):
        raise NotConnectedError("SLACK_BOT_TOKEN is not the token of a bot: it begins with xoxb-.")
    return Installation(
        team_id=told["team_id"],
        team=told.get("team") or told["team_id"],
        bot_id=told["bot_id"],
        bot_user_id=told["user_id"],
        token=token,
        enterprise_id=told.get("enterprise_id"),
        scopes=_scopes(answer.headers),
    )


def _scopes(headers: Mapping[str, Any]) -> frozenset[str] | None:
    said = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return None if said is None else frozenset(scope.strip() for scope in str(said).split(",") if scope.strip())


def build_app(
    installation: Installation, answers: Answers, *, signing_secret: str | None = None, base_url: str = SLACK
) -> App:
    """An app for one workspace, without handlers yet; ``signing_secret`` is needed for HTTP only."""
    # Bolt warns of a token in the environment which it does not use, and formats debug lines below WARNING.
    bolt_log.setLevel(logging.ERROR)
    app = App(
        name="concord",
        logger=bolt_log,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        client=web_client(None, base_url=base_url),
        authorize=_authorize(installation),
        signing_secret=signing_secret or "",
        request_verification_enabled=signing_secret is not None,
        ssl_check_enabled=signing_secret is not None,
        url_verification_enabled=signing_secret is not None,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    bolt_log.setLevel(logging.WARNING)
    app.use(_doorkeeper(installation, answers))
    app.error(_on_error)
    return app


def _authorize(installation: Installation) -> Callable[..., AuthorizeResult]:
    def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=installation.enterprise_id,
            team_id=installation.team_id,
            bot_id=installation.bot_id,
            bot_user_id=installation.bot_user_id,
            bot_token=installation.token,
        )

    return authorize


def _doorkeeper(installation: Installation, answers: Answers) -> Callable[..., BoltResponse | None]:
    """Lets in what people of the served workspace do. Everything else is acknowledged and goes no further."""

    def keep_door(
        body: Mapping[str, Any], context: Mapping[str, Any], next_: Callable[[], None]
    ) -> BoltResponse | None:
        team_id = context.get("team_id")
        if team_id != installation.team_id:
            log.warning("request of another workspace", team=team_id)
            if context.get("user_id") and context.get("response_url"):
                words = f"This Concord serves the workspace {installation.team}. Nothing was changed."
                reply = Reply(user_id=context["user_id"], response_url=context["response_url"])
                answers.submit(Say("refused", {"message": words}), reply)
            return BoltResponse(status=200)
        if (body.get("event") or {}).get("bot_id"):
            return BoltResponse(status=200)
        next_()
        return None

    return keep_door


def _on_error(error: Exception, body: Mapping[str, Any]) -> BoltResponse | None:
    """Without an answer from here there is no acknowledgement, and Slack tells the person or sends the event again."""
    if isinstance(error, BoltUnhandledRequestError):
        log.info("nobody handles this", sort=body.get("type"))
        return BoltResponse(status=200)
    log.error("handler failed", sort=body.get("type"), error=type(error).__name__, exc_info=error)
    return None

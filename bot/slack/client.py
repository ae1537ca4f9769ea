"""The one place where clients of Slack are made.

Every client of this process shares one SSL context: a client without one loads 144 certificates on every call (22 ms).
None has a retry handler: the SDK's own would post a message twice after a reset. Whoever calls decides what to repeat.
"""

import logging
import ssl
from functools import cache, partial
from typing import cast
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import urllib3
from slack_sdk import WebClient
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env

SLACK = "https://slack.com/api/"

log = logging.getLogger("concord.slack")
# A level of its own: the SDK asks for this very logger's level, and at NOTSET it formats every body, item texts included.
log.setLevel(logging.WARNING)


@cache
def ssl_context() -> ssl.SSLContext:
    """The SSL context of this process."""
    return ssl.create_default_context()


def web_client(token: str | None, *, base_url: str = SLACK, timeout: float = 10.0) -> WebClient:
    """A Web API client; ``timeout`` in seconds for connecting and for each read."""
    return WebClient(
        token=token,
        base_url=base_url,
        # Annotated as int, handed to a socket as it is: tests use tenths of a second.
        timeout=cast("int", timeout),
        ssl=ssl_context(),
        retry_handlers=[],
        logger=log,
    )


def http_pool(*, toward: str = SLACK, timeout: float = 10.0, connections: int = 8) -> urllib3.PoolManager:
    """Kept-alive connections for what is no Web API method (``response_url``, upload URLs), never retrying.

    Goes through the proxy that the environment names for the address ``toward``, as the Web API client does.
    """
    proxy = load_http_proxy_from_env(log)
    through = proxy and not proxy_bypass(urlsplit(toward).hostname or "")
    make = partial(urllib3.ProxyManager, proxy) if proxy and through else urllib3.PoolManager
    return make(
        maxsize=connections,
        timeout=urllib3.Timeout(connect=timeout, read=timeout),
        retries=False,
        ssl_context=ssl_context(),
    )

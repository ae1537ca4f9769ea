"""The connections that answers go over: kept alive, one SSL context, nothing repeated behind our back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import urllib3

from bot.slack.client import SLACK, http_pool
from bot.slack.errors import Trouble, judge, judge_answer


@dataclass(frozen=True)
class Answered:
    """What Slack said: ``trouble`` is None where it did what was asked."""

    trouble: Trouble | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


class Wire:
    """Posts JSON to ``response_url`` addresses and to Web API methods that take it."""

    def __init__(self, token: str, *, base_url: str = SLACK, timeout: float = 10.0, connections: int = 64) -> None:
        self._base_url = base_url
        self._authorization = f"Bearer {token}"
        self.pool: urllib3.PoolManager = http_pool(toward=base_url, timeout=timeout, connections=connections)

    def post(self, response_url: str, fields: Mapping[str, Any]) -> Answered:
        """Use a ``response_url`` once. Slack answers a plain ``ok`` or JSON."""
        return self._send(response_url, fields, {})

    def call(self, method: str, fields: Mapping[str, Any]) -> Answered:
        """Call a Web API method (of those that accept JSON)."""
        return self._send(urljoin(self._base_url, method), fields, {"Authorization": self._authorization})

    def close(self) -> None:
        """Close the idle connections."""
        self.pool.clear()

    def _send(self, url: str, fields: Mapping[str, Any], headers: Mapping[str, str]) -> Answered:
        body = json.dumps(fields).encode()
        sent = {"Content-Type": "application/json; charset=utf-8", **headers}
        try:
            response = self.pool.request("POST", url, body=body, headers=sent, redirect=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return Answered(judge(error))
        return _read(response.status, response.headers, response.data)


def _read(status: int, headers: Mapping[str, str], data: bytes) -> Answered:
    if status == 200 and data.strip() in (b"ok", b""):
        return Answered()
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if status == 200 and isinstance(body, dict) and body.get("ok") is True:
        return Answered(None, body)
    return Answered(judge_answer(status, headers, body if isinstance(body, dict) else data))

"""Every way a call to Slack can fail is read as one thing to do."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from slack_sdk.errors import SlackApiError

from bot.slack.client import http_pool, ssl_context, web_client
from bot.slack.errors import Remedy, judge, judge_answer


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """A server that answers every request with these bytes, or resets the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                if answer is not None:
                    connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/"
    over.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def http_answer(status: str, body: str, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join([*head, "Connection: close", "", body])).encode()


@pytest.mark.parametrize(
    ("answer", "remedy", "code"),
    [
        (
            http_answer("429 Too Many", '{"ok":false,"error":"ratelimited"}', "Retry-After: 7"),
            Remedy.WAIT,
            "ratelimited",
        ),
        (http_answer("500 Oops", "<html>"), Remedy.LOOK, "http_500"),
        (http_answer("200 OK", '{"ok":false,"error":"fatal_error"}'), Remedy.LOOK, "fatal_error"),
        (http_answer("200 OK", "<html>sign in"), Remedy.LOOK, "http_200"),
        (http_answer("200 OK", '{"ok":false,"error":"not_in_channel"}'), Remedy.MEND, "not_in_channel"),
        (http_answer("200 OK", '{"ok":false,"error":"is_archived"}'), Remedy.GONE, "is_archived"),
        (http_answer("200 OK", '{"ok":false,"error":"invalid_blocks"}'), Remedy.NEVER, "invalid_blocks"),
        (None, Remedy.LOOK, None),
    ],
)
def test_an_answer_is_read_as_one_thing_to_do(answer: bytes | None, remedy: Remedy, code: str | None) -> None:
    with answering(answer) as url, pytest.raises((SlackApiError, OSError)) as caught:
        web_client("xoxb-1", base_url=url, timeout=2).chat_postMessage(channel="C1", text="x")
    trouble = judge(caught.value)
    assert trouble.remedy is remedy
    assert code is None or trouble.code == code
    assert trouble.retry_after == (7 if remedy is Remedy.WAIT else None)


def test_a_server_that_is_not_there_was_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OSError, match="refused") as caught:
        web_client("xoxb-1", base_url=f"http://127.0.0.1:{port}/api/").chat_postMessage(channel="C1", text="x")
    assert judge(caught.value).remedy is Remedy.AGAIN


def test_a_silent_server_is_an_unknown_outcome() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        with pytest.raises(OSError, match="timed out") as caught:
            web_client("xoxb-1", base_url=url, timeout=0.05).chat_postMessage(channel="C1", text="x")
    assert judge(caught.value).remedy is Remedy.LOOK


@pytest.mark.parametrize(("answer", "remedy"), [(None, Remedy.LOOK), (http_answer("503 Busy", ""), Remedy.LOOK)])
def test_the_pool_for_answers_never_tries_again_by_itself(answer: bytes | None, remedy: Remedy) -> None:
    with answering(answer) as url:
        pool = http_pool(toward=url, timeout=2)
        if answer is None:
            with pytest.raises(Exception, match=r"abort|reset|broken") as caught:
                pool.request("POST", url, body=b"{}")
            assert judge(caught.value).remedy is remedy
        else:
            response = pool.request("POST", url, body=b"{}")
            assert judge_answer(response.status, response.headers, response.data).remedy is remedy


def test_response_url_answers_plain_text() -> None:
    assert judge_answer(404, {}, b"used_url").remedy is Remedy.GONE
    assert judge_answer(404, {}, b"no such page").remedy is Remedy.NEVER
    assert judge_answer(400, {}, b'{"ok":false,"error":"invalid_blocks"}').code == "invalid_blocks"


def test_a_missing_scope_is_named() -> None:
    trouble = judge_answer(200, {}, {"ok": False, "error": "missing_scope", "needed": "files:write"})
    assert trouble.remedy is Remedy.MEND
    assert "files:write" in trouble.words


def test_refused_blocks_say_where() -> None:
    body = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": ["no text [json-pointer:/0]"]}}
    assert "json-pointer:/0" in judge_answer(200, {}, body).words


def test_what_is_not_slacks_is_raised_again() -> None:
    with pytest.raises(KeyError):
        judge(KeyError("x"))


def test_one_ssl_context_serves_every_client() -> None:
    assert web_client("a").ssl is web_client("b").ssl is ssl_context()
    assert web_client("a").retry_handlers == []

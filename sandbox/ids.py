"""Ids, timestamps and hashes as Slack makes them."""

import hashlib
import secrets
import time

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def fresh(prefix: str) -> str:
    """A new id such as ``C0AB12CD34E``: prefix, zero, nine capitals or digits."""
    return prefix + "0" + "".join(secrets.choice(_LETTERS) for _ in range(9))


def stable(prefix: str, *names: str) -> str:
    """An id that the same names always give, so that a seed makes the same workspace everywhere."""
    number = int.from_bytes(hashlib.sha256("\0".join((prefix, *names)).encode()).digest()[:8], "big")
    letters = []
    for _ in range(9):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return prefix + "0" + "".join(letters)


def block_id() -> str:
    """An id for a block or an action that came without one."""
    return "".join(secrets.choice(_LETTERS + _LETTERS[:26].lower()) for _ in range(5))


def view_hash() -> str:
    """A hash that no earlier state of a view had."""
    return f"{int(time.time())}.{secrets.token_hex(4)}"


class Clock:
    """Message timestamps: epoch seconds with six decimals, each later than all before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        """The next timestamp."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def passed(self, ts: str) -> None:
        """Never give a timestamp at or before this one."""
        seconds, micros = ts.split(".")
        self._last = max(self._last, int(seconds) * 1_000_000 + int(micros))

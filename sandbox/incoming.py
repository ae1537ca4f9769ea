"""Bytes on their way in: streamed to disk piece by piece, never whole in memory, and looked into once they are there."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from sandbox import filetypes
from sandbox.simulator import Simulator
from sandbox.things import File

MOST_BYTES = 1_000_000_000
_PIECE = 1 << 20


class TooLargeError(Exception):
    """More bytes came than the file may have."""


async def from_stream(path: Path, pieces: AsyncIterator[bytes], most: int) -> int:
    """Write what comes to ``path``; how many bytes it was.

    Raises TooLargeError, or what the sender's going away raises; then nothing is left on disk.
    """
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("wb") as file:
            return await _write(file, pieces, most)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _write(file: BinaryIO, pieces: AsyncIterator[bytes], most: int) -> int:
    total, waiting = 0, bytearray()
    async for piece in pieces:
        total += len(piece)
        if total > most:
            raise TooLargeError
        waiting += piece
        if len(waiting) >= _PIECE:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    file.write(waiting)
    return total


async def from_form(path: Path, sent: BinaryIO) -> int:
    """Write what a form carried (already on disk where it is large) to ``path``; how many bytes it was."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        await asyncio.to_thread(shutil.copyfileobj, sent, file, _PIECE)
    return path.stat().st_size


async def look(sim: Simulator, kept: File) -> None:
    """Note what the bytes of a file show: whether they are text, and the first lines."""
    seen = await asyncio.to_thread(filetypes.look, sim.workspace.file_path(kept))
    kept.readable, kept.preview, kept.lines_more = seen.readable, seen.preview, seen.lines_more
    kept.received = True
    sim.workspace.save_file(kept)

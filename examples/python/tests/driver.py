"""Runs bulk_reset.py, watches what it sends, and kills it on request.

Arguments: FILE (what was sent, a line each), WHEN, and those of the program. WHEN is "never", or "before:N", "after:N" (around the
Nth write), "during:N:SECONDS" (so long after it was begun), "full:N" (the disk is full in the middle of the Nth line) or
"grace:SECONDS" (what was sent just before a kill is given so long to arrive). A mock directory keeps its passwords in FILE from run
to run.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from password_writeback import AsyncActiveDirectory, AsyncMockDirectory, Identity, Receipt

import bulk_reset
import connection
import mock_people

SENT, WHEN = Path(sys.argv[1]), sys.argv[2].split(":")
PASSWORDS = Path(sys.argv[sys.argv.index("--passwords") + 1])
SYNCED: dict[int, int] = {}
fsync, write = os.fsync, os.write
LINES = itertools.count(1)


def watched_write(file: int, data: memoryview) -> int:
    """Half a line, and no more, where the disk is to be full."""
    line = next(LINES)
    if WHEN[0] == "full" and line >= int(WHEN[1]):
        if line > int(WHEN[1]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[: len(data) // 2]
    return write(file, data)


def watched_fsync(file: int) -> None:
    """Remembers how much of a file is on the disk."""
    fsync(file)
    status = os.fstat(file)
    SYNCED[status.st_ino] = status.st_size


def die() -> None:
    """As a power failure would."""
    os.kill(os.getpid(), signal.SIGKILL)


def remember(**what: object) -> None:
    """Adds a line to what was sent."""
    with open(SENT, "a") as sent:
        sent.write(json.dumps(what) + "\n")


def is_safe(password: str) -> bool:
    """Whether a password is on the disk, for nobody else to read."""
    status = PASSWORDS.stat()
    return password in PASSWORDS.read_text()[: SYNCED[status.st_ino]] and status.st_mode & 0o777 == 0o600


class Watched:
    """Around the writes of a directory."""

    count = 0

    def name_of(self, identity: Identity) -> str:
        """What the test calls an account."""
        return identity.text

    async def reset_password(self, identity: Identity, new_password: bytearray, **options: Any) -> Receipt:
        """A reset that is remembered, and around which the process may die."""
        Watched.count += 1
        when, number = WHEN[0], Watched.count
        now = when in ("before", "during", "after") and WHEN[1] == str(number)
        if now and when == "before":
            die()
        text = new_password.decode()
        remember(account=self.name_of(identity), password=text, safe=is_safe(text), **options)
        if now and when == "during":
            threading.Timer(float(WHEN[2]), die).start()
        receipt: Receipt = await super().reset_password(identity, new_password, **options)  # type: ignore[misc]
        remember(account=self.name_of(identity), password=text, written=True)
        if now and when != "before":
            die()
        return receipt


class LastingDirectory(Watched, AsyncMockDirectory):  # type: ignore[misc]
    """A mock directory that remembers its passwords."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        lines = map(json.loads, SENT.read_text().splitlines() if SENT.exists() else [])
        self.known = {entry["account"]: entry["password"] for entry in lines if entry.get("written")}
        self.names: dict[str, str] = {}

    def add_user(self, name: str, **options: Any) -> UUID:
        """An account, with the password it last got, and the same objectGUID each time."""
        guid = options.get("guid") or uuid5(NAMESPACE_OID, name)
        self.names[str(guid)] = name
        return super().add_user(
            name, **{**options, "guid": guid, "password": self.known.get(name, options["password"])}
        )

    def name_of(self, identity: Identity) -> str:
        """Its logon name."""
        return self.names.get(identity.text, identity.text)


class RealDirectory(Watched, AsyncActiveDirectory):  # type: ignore[misc]
    """A real one."""


os.fsync, os.write = watched_fsync, watched_write  # type: ignore[assignment]
if "--mock" in sys.argv:
    # Nothing is on its way to it, unless a test says so.
    bulk_reset.GRACE = float(WHEN[1]) if WHEN[0] == "grace" else 0
mock_people.AsyncMockDirectory = LastingDirectory  # type: ignore[attr-defined]
connection.AsyncActiveDirectory = RealDirectory  # type: ignore[attr-defined]
if __name__ == "__main__":
    sys.exit(bulk_reset.main(sys.argv[3:]))

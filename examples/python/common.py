"""What the two programs share: the directory's options, a pace, private files, and the report."""

from __future__ import annotations

import argparse
import asyncio
import csv
import getpass
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from password_writeback import (
    AsyncActiveDirectory,
    AsyncMockDirectory,
    AsyncPasswordWriteback,
    Identity,
    WritebackError,
)

Directory: TypeAlias = AsyncPasswordWriteback

# A logon is refused for these only where the password was right: a wrong one is answered as wrong first.
RIGHT_PASSWORD = {"password_expired", "must_change_password", "disabled", "expired", "logon_restricted"}


class UsageError(Exception):
    """Something is wrong with the options or the input; nothing was sent."""


def add_directory_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which directory, and how hard it may be worked."""
    group = parser.add_argument_group("directory")
    group.add_argument(
        "--mock", action="store_true", help="try it out: a directory in memory with the accounts of the input"
    )
    group.add_argument("--server", action="append", default=[], metavar="URL", help="ldaps://host[:port]; repeatable")
    group.add_argument("--bind-user", metavar="NAME", help="the service account, such as svc-writeback@corp.example")
    group.add_argument("--bind-password-file", type=Path, metavar="FILE", help="its password; without it you are asked")
    group.add_argument("--ca-file", type=Path, metavar="PEM", help="the certificate authorities to trust")
    group.add_argument("--allowed-subtree", action="append", metavar="DN", help="write only below this; repeatable")
    group.add_argument(
        "--concurrency", type=_at_least_one, default=4, metavar="N", help="accounts at a time (default 4)"
    )
    group.add_argument(
        "--rate", type=_positive, default=10.0, metavar="N", help="accounts begun per second (default 10)"
    )


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return number


@dataclass
class Connection:
    """A directory, and a way to try a logon in it."""

    directory: Directory
    settings: Mapping[str, object]

    async def has_password(self, identity: str, password: str) -> bool | None:
        """Whether a password is an account's own, by a logon; ``None`` where that cannot be told."""
        if isinstance(self.directory, AsyncMockDirectory):
            answer = self.directory.bind(identity, password)
            return None if answer == "775" else answer not in ("52e", "525")
        account = await self.directory.find_account(identity)
        return await self._log_on(account.distinguished_name, password)

    async def _log_on(self, dn: str, password: str) -> bool | None:
        """A second connection, logged on as the account itself, and a look at its own entry."""
        settings: dict[str, object] = {**self.settings, "bind_user": dn, "bind_password": password}
        try:
            async with AsyncActiveDirectory(**settings) as directory:  # type: ignore[arg-type]
                await directory.find_account(Identity.dn(dn))
        except WritebackError as error:
            if error.code == "BIND_FAILED":
                return (
                    True if error.reason in RIGHT_PASSWORD else (False if error.reason == "wrong_credentials" else None)
                )
            # Refused to read is logged on; not reached is not.
            return True if error.code in ("PERMISSION_DENIED", "ACCOUNT_NOT_FOUND") else None
        return True


def connect(options: argparse.Namespace, accounts: Iterable[str]) -> Connection:
    """The directory of the options. Whoever runs these programs acts as administrator: history and minimum age stop nothing."""
    if options.mock:
        mock = AsyncMockDirectory(initiator="administrator", history="off")
        for name in accounts:
            mock.add_user(name.partition("@")[0], password="Mock-Passw0rd-1")
        return Connection(mock, {})
    if not options.server or not options.bind_user:
        raise UsageError("give --server and --bind-user, or --mock")
    settings: dict[str, object] = {
        "servers": options.server,
        "bind_user": options.bind_user,
        "bind_password": _bind_password(options),
        "ca_file": options.ca_file,
        "allowed_subtrees": options.allowed_subtree,
    }
    directory = AsyncActiveDirectory(**settings, initiator="administrator", history="off")  # type: ignore[arg-type]
    return Connection(directory, {name: settings[name] for name in ("servers", "ca_file")})


def _bind_password(options: argparse.Namespace) -> bytearray:
    if options.bind_password_file is None:
        return bytearray(getpass.getpass(f"Password of {options.bind_user}: "), "utf-8")
    return bytearray(options.bind_password_file.read_bytes().rstrip(b"\r\n"))


class Pace:
    """Lets so many begin per second, evenly."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._next = 0.0

    async def turn(self) -> None:
        """Waits for the next turn."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now)
        wait, self._next = self._next - now, self._next + self._interval
        await asyncio.sleep(wait)


class PrivateFile:
    """A file of lines that only its owner can read; each line is on the disk before ``append`` returns."""

    def __init__(self, path: Path, *, resume: bool) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.open(path, flags if resume else flags | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            os.close(self._file)
            raise UsageError(f"{path}: must be a file of yours that nobody else can read (chmod 600)")
        with open(path, "rb") as existing:
            content = existing.read()
        self.lines = content.decode().splitlines()
        if content and not content.endswith(b"\n"):
            # An interruption in the middle of a line: what it announced was not begun.
            self.lines.pop()
            os.ftruncate(self._file, content.rfind(b"\n") + 1)
        sync_folder(path)

    def append(self, line: str) -> None:
        """Adds a line."""
        data = memoryview(line.encode() + b"\n")
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)


def sync_folder(path: Path) -> None:
    """Makes sure that a file's name is on the disk too."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_report(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Writes the report whole, or leaves the former one as it is."""
    draft = path.with_name(path.name + ".part")
    with open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        # A spreadsheet must not take a text of the directory for a formula.
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path)


def _harmless(value: str) -> str:
    return "'" + value if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def fail(message: object) -> int:
    """Says what is wrong, and gives the exit code for it."""
    print(f"error: {message}", file=sys.stderr)
    return 2

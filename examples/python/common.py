"""What the two programs share: the directory's options, a crew that keeps a pace and stops in good order, private files, the report."""

from __future__ import annotations

import argparse
import asyncio
import csv
import fcntl
import getpass
import os
import signal
import stat
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from password_writeback import (
    AnyIdentity,
    AsyncActiveDirectory,
    AsyncMockDirectory,
    AsyncPasswordWriteback,
    Identity,
    WritebackError,
)

Directory: TypeAlias = AsyncPasswordWriteback
Row: TypeAlias = dict[str, str]
T = TypeVar("T")

# A logon is refused for these only where the password was right: a wrong one is answered as wrong first.
RIGHT_PASSWORD = {"password_expired", "must_change_password", "disabled", "expired", "logon_restricted"}

# What fails for one account will fail for all. A wrong bind password tried for each would lock the service account.
FAILS_FOR_ALL = {"BIND_FAILED", "TLS", "INSECURE_CHANNEL", "UNREACHABLE", "READ_ONLY_DIRECTORY", "CONFIGURATION"}


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

    async def has_password(self, identity: AnyIdentity, password: str) -> bool | None:
        """Whether a password is an account's own, by a bind; ``None`` where that cannot be told."""
        if isinstance(self.directory, AsyncMockDirectory):
            answer = self.directory.bind(identity, password)
            return None if answer == "775" else answer not in ("52e", "525")
        account = await self.directory.find_account(identity)
        return await self._bind(account.distinguished_name, password)

    async def _bind(self, dn: str, password: str) -> bool | None:
        """A second connection, logged on as the account itself, and a look at its own entry."""
        settings: dict[str, object] = {**self.settings, "bind_user": dn, "bind_password": password}
        try:
            async with AsyncActiveDirectory(**settings) as directory:  # type: ignore[arg-type]
                await directory.find_account(Identity.dn(dn))
        except WritebackError as error:
            if error.code == "BIND_FAILED":
                right = error.reason in RIGHT_PASSWORD
                return right or (False if error.reason == "wrong_credentials" else None)
            # Refused to read is logged on; not reached is not.
            return True if error.code in ("PERMISSION_DENIED", "ACCOUNT_NOT_FOUND") else None
        return True


def connect(options: argparse.Namespace, accounts: Iterable[str]) -> Connection:
    """The directory of the options. Nothing is connected yet."""
    if options.mock:
        mock = AsyncMockDirectory()
        for name in dict.fromkeys(name.partition("@")[0].rpartition("\\")[2] for name in accounts):
            mock.add_user(name, password="Mock-Passw0rd-1")
        return Connection(mock, {})
    if not options.server or not options.bind_user:
        raise UsageError("give --server and --bind-user, or --mock")
    settings = {"servers": options.server, "ca_file": options.ca_file}
    directory = AsyncActiveDirectory(
        **settings,
        bind_user=options.bind_user,
        bind_password=_bind_password(options),
        allowed_subtrees=options.allowed_subtree,
    )
    return Connection(directory, settings)


def _bind_password(options: argparse.Namespace) -> bytearray:
    if options.bind_password_file is None:
        return bytearray(getpass.getpass(f"Password of {options.bind_user}: "), "utf-8")
    return bytearray(options.bind_password_file.read_bytes().rstrip(b"\r\n"))


class Crew:
    """So many work at a time, and begin no faster than the pace.

    Once stopped, by Ctrl-C, SIGTERM or :meth:`stop`, nobody begins anything more, and what is under way comes to its end. A second
    Ctrl-C cancels what has not been sent yet; a third ends the program where it stands.
    """

    def __init__(self, concurrency: int, rate: float) -> None:
        """A crew of so many, who begin so many a second."""
        self._concurrency, self._interval, self._next = concurrency, 1 / rate, 0.0
        self._stop = asyncio.Event()
        self.why: str | None = None
        self.interrupted = False

    def stop(self, why: str) -> None:
        """Lets nobody begin anything more."""
        self.why = self.why or why
        self._stop.set()

    async def turn(self) -> bool:
        """Waits for the next turn, and says whether to begin: not where the crew was stopped."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now)
        wait, self._next = self._next - now, self._next + self._interval
        try:
            await asyncio.wait_for(self._stop.wait(), wait)
        except asyncio.TimeoutError:
            return not self._stop.is_set()
        return False

    async def work_through(self, items: Iterable[T], one: Callable[[T], Awaitable[None]]) -> None:
        """Does one thing after another to all items, unless stopped. When it returns or raises, nobody is at work any more."""
        queue = iter(items)

        async def worker() -> None:
            try:
                for item in queue:
                    if self._stop.is_set():
                        return
                    await one(item)
            except BaseException as error:
                self.stop(f"{type(error).__name__}")
                raise

        workers = [asyncio.create_task(worker()) for _ in range(self._concurrency)]
        self._listen(workers)
        try:
            await asyncio.wait(workers)
        finally:
            self._deafen()
        for done in workers:
            # An error of one of them, such as a full disk, is the program's.
            if not done.cancelled():
                done.result()

    def _listen(self, workers: Sequence[asyncio.Task[None]]) -> None:
        def signalled() -> None:
            if not self.interrupted:
                self.interrupted = True
                self.stop("interrupted")
                print("interrupted: finishing what is under way", file=sys.stderr)
                return
            self._deafen()
            for worker in workers:
                worker.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, signalled)

    def _deafen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)


class PrivateFile:
    """A file of lines that only its owner can read, and only one program at a time writes.

    Each line is on the disk before ``append`` returns. ``append`` may be called from any thread.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        """Opens a new file, or takes an existing one up again."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.open(path, flags if resume else flags | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        self._lock = threading.Lock()
        try:
            self._claim(path)
        except BaseException:
            os.close(self._file)
            raise
        sync_folder(path)

    def _claim(self, path: Path) -> None:
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise UsageError(f"{path}: must be a file of yours that nobody else can read (chmod 600)")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{path}: another program is at work with it") from None
        content = path.read_bytes()
        self.lines = content.decode().splitlines()
        if content and not content.endswith(b"\n"):
            # An interruption in the middle of a line: what it announced was not begun.
            self.lines.pop()
            os.ftruncate(self._file, content.rfind(b"\n") + 1)

    def append(self, line: str) -> None:
        """Adds a line."""
        with self._lock:
            size = os.fstat(self._file).st_size
            data = memoryview(line.encode() + b"\n")
            try:
                while data:
                    data = data[os.write(self._file, data) :]
                os.fsync(self._file)
            except OSError:
                # A full disk: no half line may stay, for another one to follow it.
                os.ftruncate(self._file, size)
                raise

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            os.close(self._file)
            # A thread that comes too late must not write into whatever gets the number next.
            self._file = -1


def sync_folder(path: Path) -> None:
    """Makes sure that a file's name is on the disk too."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_report(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
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


def refusal(error: WritebackError) -> Row:
    """What a report says of an operation that did not end well."""
    return {
        "outcome": error.outcome,
        "code": error.code,
        "domain_controller": error.domain_controller or "",
        "distinguished_name": error.account.distinguished_name if error.account else "",
        "message": error.message,
    }


def fail(message: object) -> int:
    """Says what is wrong, and gives the exit code for it."""
    print(f"error: {message}", file=sys.stderr)
    return 2

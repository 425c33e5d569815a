"""Files that nobody else can read, and that outlive a power failure."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from common import UsageError

T = TypeVar("T")
P = TypeVar("P", bound="PrivateFile")


class PrivateFile:
    """A file of lines that only its owner can read, and only one program at a time writes.

    Each line is on the disk before ``append`` returns. ``append`` may be called from any thread.
    """

    def __init__(self, path: Path, *, start: str, resume: bool) -> None:
        """Opens a new file, or takes an existing one up again. Every line of it begins with ``start``."""
        self.path = path
        self._start = start.encode()
        self._lock = threading.Lock()
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.open(path, flags if resume else flags | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        try:
            self._claim()
            self._lines = self._read()
            sync_folder(path)
        except OSError as error:
            self.close()
            raise UsageError(f"{path}: {error.strerror}") from None
        except BaseException:
            self.close()
            raise

    def _claim(self) -> None:
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise UsageError(f"{self.path}: must be a file of yours that nobody else can read (chmod 600)")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{self.path}: another program is at work with it") from None

    def _read(self) -> list[bytes]:
        """The whole lines. Nothing is changed: this may be somebody else's file."""
        with open(self._file, "rb", closefd=False) as file:
            *lines, rest = file.read().split(b"\n")
        for number, line in enumerate(lines, 1):
            if not line.startswith(self._start):
                raise self.foreign(number)
        if not (rest.startswith(self._start) or self._start.startswith(rest)):
            raise self.foreign(len(lines) + 1)
        # An interruption in the middle of a line leaves a rest: what it was to announce was not begun. The next line replaces it.
        self._rest = len(rest)
        self.last_written = os.fstat(self._file).st_mtime
        return lines

    def foreign(self, number: int) -> UsageError:
        """Tells of a line that cannot be read, without a word of it: it may be a password."""
        return UsageError(f"{self.path}: line {number} is not one of this program's: another file, or a damaged one")

    def read(self, parse: Callable[[str], T]) -> list[T]:
        """What the lines say. ``parse`` refuses a line by a ValueError or a KeyError."""
        parsed = []
        for number, line in enumerate(self._lines, 1):
            try:
                parsed.append(parse(line.decode()))
            except (ValueError, KeyError, RecursionError):
                raise self.foreign(number) from None
        return parsed

    def append(self, line: str) -> None:
        """Adds a line."""
        data = memoryview(line.encode() + b"\n")
        with self._lock:
            size = os.fstat(self._file).st_size - self._rest
            os.ftruncate(self._file, size)
            self._rest = 0
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

    def __enter__(self: P) -> P:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def sync_folder(path: Path) -> None:
    """Makes sure that a file's name is on the disk too."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

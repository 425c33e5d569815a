"""Files that nobody else can read, and that outlive a power failure."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path

from common import UsageError


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

"""The report, which replaces nothing but a report."""

from __future__ import annotations

import csv
import io
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from common import Row, UsageError
from private_file import sync_folder

# How old a report may get while its run goes on, in seconds.
REFRESH = 2.0


def draft_of(report: Path) -> Path:
    """Where a report is written before it takes its place."""
    return Path(f"{report}.part")


class Report:
    """A CSV file with a line for each account. It is whole at every moment, and replaces nothing but an earlier one."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Looks at the place; nothing is written yet."""
        self.path = path
        self._columns = columns
        self._written = 0.0
        for file in (path, draft_of(path)):
            try:
                self._look_at(file)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise UsageError(f"{file}: {error.strerror}") from None

    def _look_at(self, file: Path) -> None:
        header = ",".join(self._columns).encode() + b"\r\n"
        if not stat.S_ISREG(file.stat().st_mode):
            raise UsageError(f"{file}: is no place for a report: not a file")
        with open(file, "rb") as former:
            if former.read(len(header)) not in (b"", header):
                raise UsageError(f"{file}: is not a report of this program, and would be replaced: name another place")

    def begin(self, rows: Iterable[Row]) -> None:
        """Writes it for the first time, so that a place that cannot be written is told before anything is sent."""
        try:
            self.write(rows)
        except OSError as error:
            raise UsageError(f"{self.path}: the report cannot be written: {error.strerror}") from None

    def refresh(self, rows: Iterable[Row]) -> None:
        """Writes it again, where it has not been for a while."""
        if time.monotonic() >= self._written + REFRESH:
            self.write(rows)

    def finish(self, rows: Sequence[Row]) -> None:
        """Writes it for the last time; on the screen, where it cannot be written."""
        try:
            self.write(rows)
        except OSError:
            print(f"{self.path}: the report cannot be written. This is what it would say:", file=sys.stderr)
            shown = io.StringIO(newline="")
            self._write(shown, rows)
            print(shown.getvalue(), file=sys.stderr)
            raise

    def write(self, rows: Iterable[Row]) -> None:
        """Writes it whole, or leaves the former one as it is."""
        draft = draft_of(self.path)
        try:
            with open(draft, "w", newline="", encoding="utf-8") as file:
                self._write(file, rows)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError:
            # On a full disk, half a draft would be in the way of the journal.
            draft.unlink(missing_ok=True)
            raise
        sync_folder(self.path)
        self._written = time.monotonic()

    def _write(self, file: TextIO, rows: Iterable[Row]) -> None:
        writer = csv.DictWriter(file, self._columns, restval="", extrasaction="ignore")
        writer.writeheader()
        # A spreadsheet must not take a text of the directory for a formula.
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)


def _harmless(value: str) -> str:
    return "'" + value if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def must_differ(files: Iterable[tuple[str, Path | None]]) -> None:
    """Refuses one file in two roles, by whatever names: what is written in one role would replace what is kept in the other."""
    known: dict[object, str] = {}
    for role, path in files:
        for mark in _marks(path) if path else ():
            other = known.setdefault(mark, role)
            if other != role:
                raise UsageError(f"{path}: cannot be both {other} and {role}")


def _marks(path: Path) -> Iterator[object]:
    """What tells a file from others: where it is, and which it is if it exists."""
    yield os.path.realpath(path)
    try:
        status = path.stat()
    except OSError:
        return
    yield status.st_dev, status.st_ino

"""The books of a bulk reset: what was begun, with which password, and how it ended. They outlive the program."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from uuid import UUID

from common import Row, UsageError
from private_file import PrivateFile


@dataclass
class Books:
    """The journal and the file of passwords: what has been begun, how it ended, and with which password.

    Accounts are known here by their names in small letters: an input that spells one otherwise means the same one.
    """

    journal: PrivateFile
    passwords: PrivateFile
    done: dict[str, Row] = field(default_factory=dict)
    pending: dict[str, UUID] = field(default_factory=dict)
    owners: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    def open(cls, report: Path, passwords: Path, directory: str) -> Books:
        """New ones, or those of an interrupted run, which must have been about the same directory."""
        journal = report.with_name(report.name + ".journal")
        if journal.exists():
            books = cls(PrivateFile(journal, resume=True), PrivateFile(passwords, resume=True))
        else:
            # The passwords come first: a journal without them would be of no use.
            kept = PrivateFile(passwords, resume=_is_empty(passwords))
            books = cls(PrivateFile(journal, resume=False), kept)
        if not books.journal.lines:
            books.journal.append(json.dumps({"state": "opened", "directory": directory}))
            return books
        if json.loads(books.journal.lines[0])["directory"] != directory:
            raise UsageError(f"{journal}: is about another directory")
        for line in books.journal.lines[1:]:
            books._read(json.loads(line))
        return books

    def _read(self, entry: Row) -> None:
        key, guid = entry["account"].casefold(), UUID(entry.pop("guid"))
        self.owners[guid] = key
        if entry.pop("state") == "pending":
            self.pending[key] = guid
            self.done.pop(key, None)
        else:
            self.pending.pop(key, None)
            self.done[key] = entry

    def stored(self, account: str) -> str | None:
        """The password that an account was last begun with, by an earlier run."""
        entries = map(json.loads, reversed(self.passwords.lines))
        return next((entry["password"] for entry in entries if entry["account"].casefold() == account.casefold()), None)

    def claim(self, guid: UUID, account: str) -> bool:
        """Whether this is the only name of the account; a second one is refused."""
        return self.owners.setdefault(guid, account.casefold()) == account.casefold()

    def begin(self, account: str, guid: UUID, password: str) -> None:
        """Stores a password, and that it is about to be sent."""
        self.passwords.append(json.dumps({"account": account, "password": password}))
        self.journal.append(json.dumps({"state": "pending", "account": account, "guid": str(guid)}))
        self.pending[account.casefold()] = guid
        self.done.pop(account.casefold(), None)

    def end(self, account: str, row: Row) -> None:
        """Stores how an account that was begun ended."""
        key = account.casefold()
        self.journal.append(json.dumps({"state": "done", "account": account, "guid": str(self.pending[key]), **row}))
        del self.pending[key]
        self.done[key] = row

    def row(self, account: str) -> Row:
        """What is known of an account."""
        key = account.casefold()
        if key in self.pending:
            known = {"outcome": "unknown", "message": "it was under way: run again", **self.done.get(key, {})}
        else:
            known = self.done.get(key, {"outcome": "not_begun"})
        return {**known, "account": account}

    def __enter__(self) -> Books:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.journal.close()
        self.passwords.close()


def _is_empty(path: Path) -> bool:
    """Whether there is an empty file: a run was interrupted before anything was begun."""
    return path.is_file() and path.stat().st_size == 0

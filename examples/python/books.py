"""The books of a bulk reset: what was begun, with which password, and how it ended. They outlive the program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple
from uuid import UUID

from common import Row, UsageError
from private_file import PrivateFile


class Begun(NamedTuple):
    """A reset that was begun and has not ended."""

    guid: UUID
    servers: frozenset[str]
    """Those that it may have been sent to."""


class Entry(NamedTuple):
    """A line of the journal."""

    state: str
    account: str
    guid: UUID | None
    servers: frozenset[str]
    row: Row


def journal_of(report: Path) -> Path:
    """Where the journal is kept."""
    return Path(f"{report}.journal")


class Books:
    """The journal and the file of passwords.

    Accounts are known here by their names in small letters: an input that spells one otherwise means the same one.
    """

    def __init__(self, journal: PrivateFile, passwords: PrivateFile) -> None:
        """Reads both, and changes neither."""
        self._journal = journal
        self._passwords = passwords
        self._stored = dict(passwords.read(_password))
        self.last_written = journal.last_written
        self._servers: frozenset[str] = frozenset()
        self._all_servers: set[str] = set()
        self.done: dict[str, Row] = {}
        self.pending: dict[str, Begun] = {}
        self.owners: dict[UUID, str] = {}
        entries = journal.read(_entry)
        if entries and entries[0].state != "opened":
            raise journal.foreign(1)
        for entry in entries:
            self._take(entry)

    @classmethod
    def open(cls, report: Path, passwords: Path, servers: Iterable[str]) -> Books:
        """New ones, or those of an interrupted run, which must have been about the same directory."""
        path = journal_of(report)
        resume = path.exists()
        with ExitStack() as opened:
            # New passwords come first: a journal without them would be of no use.
            again = resume or _is_empty(passwords)
            kept = opened.enter_context(PrivateFile(passwords, start='{"account": ', resume=again))
            journal = opened.enter_context(PrivateFile(path, start='{"state": ', resume=resume))
            books = cls(journal, kept)
            books._open(frozenset(servers))
            opened.pop_all()
        return books

    def _open(self, servers: frozenset[str]) -> None:
        """Goes on with these servers. One that has been there before shows that the directory is the same."""
        if self._all_servers and self._all_servers.isdisjoint(servers):
            known = " ".join(sorted(self._all_servers))
            why = f"was begun with other --server options: {known}. Give at least one of them, or name another report"
            raise UsageError(f"{self._journal.path}: {why}")
        line = {"state": "opened", "directory": " ".join(sorted(servers))}
        try:
            self._journal.append(json.dumps(line))
        except OSError as error:
            raise UsageError(f"{self._journal.path}: {error.strerror}") from None
        self._take(Entry("opened", "", None, servers, {}))

    def _take(self, entry: Entry) -> None:
        """Takes a line of the journal into account."""
        key = entry.account.casefold()
        if entry.guid is None:
            self._servers = entry.servers
            self._all_servers |= entry.servers
            return
        self.owners[entry.guid] = key
        if entry.state == "pending":
            self.pending[key] = Begun(entry.guid, self._servers)
            self.done.pop(key, None)
        else:
            self.pending.pop(key, None)
            self.done[key] = entry.row

    def stored(self, account: str) -> str | None:
        """The password that an account was last begun with, by an earlier run."""
        return self._stored.get(account.casefold())

    def claim(self, guid: UUID, account: str) -> bool:
        """Whether this is the only name of the account; a second one is refused."""
        return self.owners.setdefault(guid, account.casefold()) == account.casefold()

    def begin(self, account: str, guid: UUID, password: str) -> None:
        """Stores a password, and that it is about to be sent."""
        self._passwords.append(json.dumps({"account": account, "password": password}))
        self._journal.append(json.dumps({"state": "pending", "account": account, "guid": str(guid)}))
        self._take(Entry("pending", account, guid, frozenset(), {}))

    def end(self, account: str, row: Row) -> None:
        """Stores how an account that was begun ended."""
        guid = self.pending[account.casefold()].guid
        self._journal.append(json.dumps({"state": "done", "account": account, "guid": str(guid), **row}))
        self._take(Entry("done", account, guid, frozenset(), row))

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
        self._journal.close()
        self._passwords.close()


def _texts(line: str) -> Row:
    """A line of either file."""
    texts = json.loads(line)
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("not a line of texts")
    return texts


def _password(line: str) -> tuple[str, str]:
    texts = _texts(line)
    return texts["account"].casefold(), texts["password"]


def _entry(line: str) -> Entry:
    texts = _texts(line)
    state = texts.pop("state")
    if state == "opened":
        return Entry(state, "", None, frozenset(texts["directory"].split()), {})
    if state not in ("pending", "done"):
        raise ValueError("no such state")
    account, guid = texts.pop("account"), UUID(texts.pop("guid"))
    if state == "done" and "outcome" not in texts:
        raise ValueError("no outcome")
    return Entry(state, account, guid, frozenset(), texts)


def _is_empty(path: Path) -> bool:
    """Whether there is an empty file: a run was interrupted before anything was begun."""
    return path.is_file() and path.stat().st_size == 0

#!/usr/bin/env python3
"""Resets the passwords of many accounts, and tells what became of each.

The input is a CSV file with a column "account" (user principal name, logon name, GUID, ...) and, if you like, a column "password";
where that is empty, a random password to the account's own policy is generated. Other columns are left alone.

Three files come out, and replace nothing but an earlier report:
  PASSWORDS          each account's new password, as JSON lines, readable by you alone, on the disk before it is sent; the last
                     line of an account counts, and the report says whether it took effect
  REPORT             a CSV file with every outcome
  REPORT.journal     what was begun and how it ended, so that an interrupted run can be taken up again

After an interruption, run the same command again. Accounts that are done are left alone. What was under way is settled by a bind
with the stored password, and not sent again: at each --server on its own, since one that has not heard of the password refuses it
too. What did not arrive, and what the directory refused to write, is tried again with --retry only; what failed before its
password was stored, because there is no such account for example, is tried again by every run.

You act as administrator. Random passwords are not checked against history or minimum age; given ones are, as --history says.

Exit codes: 0 every account has its new password; 1 some have not, or it is not known: see the report; 2 wrong options or input,
nothing was sent; 3 the report, the journal or the passwords could not be written once the work had begun, and it was stopped:
some passwords may be set, run again; 130 interrupted: run again.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from password_writeback import Identity, WritebackError, generate_password
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from books import Begun, Books, journal_of
from common import NOT_RECORDED, UNFINISHED, Row, UsageError, fail, refusal
from connection import Connection, add_directory_options, connect
from crew import Crew
from report import Report, draft_of, must_differ

COLUMNS = ["account", "outcome", "code", "settled_by", "domain_controller", "distinguished_name", "warnings", "message"]

# How long a password that was sent just before a kill is given to arrive, in seconds, before a refused bind counts.
GRACE = 2.0


def read_accounts(path: Path) -> dict[str, str | None]:
    """The accounts, with the passwords that are given. What is at fault is told by its line alone: it may be a password."""
    accounts: dict[str, str | None] = {}
    seen: set[str] = set()
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    line = 0
    try:
        reader.fieldnames = _columns(reader.fieldnames or [])
        line = reader.line_num
        for row in reader:
            account = _account(row)
            if account.casefold() in seen:
                raise ValueError(f"names {account} again")
            seen.add(account.casefold())
            accounts[account] = row.get("password") or None
            line = reader.line_num
    except csv.Error:
        raise UsageError(f"{path}: line {line + 1} is not CSV: see its quotes") from None
    except ValueError as error:
        raise UsageError(f"{path}: line {max(reader.line_num, 1)} {error}") from None
    return accounts


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}: line {line} is not UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _columns(names: Sequence[str]) -> list[str]:
    """The names of the columns. Those that count must be there once: a column beside another would be a guess."""
    columns = [name.strip().casefold() for name in names]
    if "account" not in columns:
        raise ValueError('names no column "account"')
    for name in ("account", "password"):
        if columns.count(name) > 1:
            raise ValueError(f'names the column "{name}" twice')
    return columns


def _account(row: dict[Any, str | None]) -> str:
    """The account of a line. A comma too many may be part of a password that is not quoted."""
    if None in row:
        raise ValueError("has more fields than there are columns")
    account = (row["account"] or "").strip()
    if not account:
        raise ValueError("names no account")
    return account


@dataclass
class Reset:
    """Everything that the reset of one account needs."""

    connection: Connection
    books: Books
    crew: Crew
    options: argparse.Namespace

    async def one(self, account: str, given: str | None) -> None:
        """Resets an account, settles it, or leaves it alone."""
        books, key = self.books, account.casefold()
        before = books.done.get(key)
        under_way = key in books.pending
        again = self.options.retry and before is not None and before["outcome"] == "not_applied"
        if not (under_way or before is None or again) or not await self.crew.turn():
            return
        if under_way:
            await self._settle(account, books.pending[key])
        else:
            await self._reset(account, given)

    async def _reset(self, account: str, given: str | None) -> None:
        """The password is stored before it is sent."""
        directory, books = self.connection.directory, self.books
        try:
            guid = (await directory.find_account(account)).object_guid
            password = given or generate_password(await directory.password_policy(Identity.guid(guid))).decode("ascii")
        except WritebackError as error:
            # Nothing was begun: the next run tries it again.
            self._tell(account, refusal(error))
            return
        if not books.claim(guid, account):
            self._tell(account, {"outcome": "not_applied", "message": f"is {books.owners[guid]} by another name"})
            return
        # In a thread: the disk must not hold up the others.
        await asyncio.to_thread(books.begin, account, guid, password)
        row = await self._send(guid, bytearray(password, "utf-8"), random=not given)
        if row["outcome"] == "unknown":
            # It may yet arrive: a bind now would prove nothing. It stays pending, and the next run settles it.
            self._tell(account, row)
        else:
            await self._end(account, row)

    async def _send(self, guid: UUID, password: bytearray, *, random: bool) -> Row:
        try:
            receipt = await self.connection.directory.reset_password(
                Identity.guid(guid),
                password,
                unlock="if_permitted" if self.options.unlock else "no",
                require_change=self.options.require_change,
                history="off" if random else self.options.history,
                initiator="administrator",
            )
        except WritebackError as error:
            return refusal(error)
        return {
            "outcome": "applied",
            "domain_controller": receipt.domain_controller,
            "distinguished_name": receipt.account.distinguished_name,
            "warnings": " ".join(receipt.warnings),
        }

    async def _settle(self, account: str, begun: Begun) -> None:
        """Finds out by binds what became of a reset that was under way. It is not sent again."""
        password = self.books.stored(account)
        row = {"outcome": "unknown", "message": "a bind could not tell whether it arrived: run again later"}
        if missing := begun.servers - self.connection.servers.keys():
            row["message"] = f"no bind tells whether it arrived without --server {' '.join(sorted(missing))}"
        try:
            identity = Identity.guid(begun.guid)
            answer = await self.connection.has_password(identity, password, begun.servers) if password else None
        except WritebackError as error:
            self._tell(account, {**refusal(error), **row, "message": f"{row['message']}: {error.message}"})
            return
        if answer is None:
            self._tell(account, row)
            return
        row = {"outcome": "applied" if answer else "not_applied", "settled_by": "bind"}
        if not answer:
            row["message"] = "it was under way and did not arrive: --retry tries again"
        await self._end(account, row)

    async def _end(self, account: str, row: Row) -> None:
        """For the journal."""
        self.crew.learn(row)
        await asyncio.to_thread(self.books.end, account, row)

    def _tell(self, account: str, row: Row) -> None:
        """For the report of this run alone."""
        self.crew.learn(row)
        self.books.done[account.casefold()] = row


async def work(accounts: dict[str, str | None], options: argparse.Namespace) -> int:
    """Everything between reading the input and the exit code."""
    report = Report(options.report, COLUMNS)
    crew = Crew(options.concurrency, options.rate)
    async with connect(options, accounts) as connection:
        with Books.open(options.report, options.passwords, connection.servers) as books:
            rows = [books.row(account) for account in accounts]
            report.begin(row if row["outcome"] == "applied" else {**row, **UNFINISHED} for row in rows)
            if books.pending:
                await asyncio.sleep(min(max(0, books.last_written + GRACE - time.time()), GRACE))
            try:
                await reset_all(Reset(connection, books, crew, options), accounts)
            finally:
                rows = [books.row(account) for account in accounts]
                code = conclude(rows, crew)
                report.finish(rows)
    print(f"see {report.path}", file=sys.stderr)
    return code


async def reset_all(reset: Reset, accounts: dict[str, str | None]) -> None:
    """Has the crew do it, with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=reset.options.quiet) as progress:
        bar = progress.add_task("Resetting", total=len(accounts))

        async def one(entry: tuple[str, str | None]) -> None:
            await reset.one(*entry)
            progress.advance(bar)

        await reset.crew.work_through(accounts.items(), one)


def conclude(rows: Sequence[Row], crew: Crew) -> int:
    """Says what is known, and gives the exit code."""
    done = sum(row["outcome"] == "applied" for row in rows)
    unknown = sum(row["outcome"] == "unknown" for row in rows)
    flawed = sum(row["outcome"] == "applied" and bool(row.get("code")) for row in rows)
    print(f"{done} of {len(rows)} accounts have their new password", file=sys.stderr)
    if flawed:
        print(f"{flawed} of them not quite as asked: see their code", file=sys.stderr)
    if unknown:
        print(f"of {unknown} others it is not known: run again", file=sys.stderr)
    if crew.interrupted:
        print("interrupted: run the same command again", file=sys.stderr)
        return 130
    if crew.why:
        print(f"stopped early: {crew.why}", file=sys.stderr)
    return 0 if done == len(rows) and not flawed else 1


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="the CSV file of accounts")
    parser.add_argument("--report", type=Path, required=True, metavar="CSV", help="where the outcomes go")
    parser.add_argument(
        "--passwords", type=Path, required=True, metavar="FILE", help="where the passwords go: a new file"
    )
    parser.add_argument("--require-change", action="store_true", help="the users must change them at the next logon")
    parser.add_argument("--unlock", action="store_true", help="also clear lockouts, where the service account may")
    parser.add_argument(
        "--history", choices=("required", "if_supported", "off"), default="required",
        help="whether given passwords are checked against history and minimum age (default required)",
    )  # fmt: skip
    parser.add_argument("--retry", action="store_true", help="try those again that an earlier run sent in vain")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_directory_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program, and returns its exit code."""
    options = arguments().parse_args(argv)
    try:
        must_differ([
            ("the input", options.input),
            ("--report", options.report),
            ("the report's draft", draft_of(options.report)),
            ("the journal", journal_of(options.report)),
            ("--passwords", options.passwords),
            ("--bind-password-file", options.bind_password_file),
            ("--ca-file", options.ca_file),
        ])  # fmt: skip
        return asyncio.run(work(read_accounts(options.input), options))
    except (UsageError, WritebackError) as error:
        return fail(error)
    except OSError as error:
        return fail(f"{error}: stopped. Make room, and run the same command again", NOT_RECORDED)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Resets the passwords of many accounts, and tells what became of each.

The input is a CSV file with a column "account" (user principal name, logon name, GUID, ...) and, if you like, a column "password";
where that is empty, a random password to the account's own policy is generated. Other columns are left alone.

Three files come out:
  PASSWORDS          each account's new password, as JSON lines, readable by you alone, on the disk before it is sent; the last
                     line of an account counts, and the report says whether it took effect
  REPORT             a CSV file with every outcome
  REPORT.journal     what was begun and how it ended, so that an interrupted run can be taken up again

After an interruption, run the same command again. Accounts that are done are left alone; what was under way is settled by a bind
with the stored password, and never sent twice. What did not arrive, or was refused, is tried again with --retry only.

You act as administrator. Random passwords are not checked against history or minimum age; given ones are, as --history says.

Exit codes: 0 every account has its new password; 1 some have not, or it is not known: see the report; 2 wrong options or input;
130 interrupted: run again.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from password_writeback import Identity, WritebackError, generate_password
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from books import Books
from common import Row, UsageError, fail, refusal
from connection import Connection, add_directory_options, connect
from crew import FAILS_FOR_ALL, Crew
from report import write_report

COLUMNS = ["account", "outcome", "code", "settled_by", "domain_controller", "distinguished_name", "warnings", "message"]


def read_accounts(path: Path) -> dict[str, str | None]:
    """The accounts, with the passwords that are given."""
    accounts: dict[str, str | None] = {}
    seen: set[str] = set()
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            reader.fieldnames = [name.strip().casefold() for name in reader.fieldnames or []]
            if "account" not in reader.fieldnames:
                raise UsageError(f'{path}: there is no column "account"')
            for row in reader:
                account = (row["account"] or "").strip()
                if not account:
                    raise UsageError(f"{path}: line {reader.line_num} names no account")
                if account.casefold() in seen:
                    raise UsageError(f"{path}: line {reader.line_num} names {account} again")
                seen.add(account.casefold())
                accounts[account] = row.get("password") or None
    except (OSError, UnicodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read: {type(error).__name__}") from None
    return accounts


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
            await asyncio.to_thread(books.end, account, row)

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
            return self._told(refusal(error))
        return {
            "outcome": "applied",
            "domain_controller": receipt.domain_controller,
            "distinguished_name": receipt.account.distinguished_name,
            "warnings": " ".join(receipt.warnings),
        }

    async def _settle(self, account: str, guid: UUID) -> None:
        """Finds out by a bind what became of a reset that was under way. It is not sent again."""
        password = self.books.stored(account)
        row = {"outcome": "unknown", "message": "a bind could not tell whether it arrived: run again later"}
        try:
            answer = password and await self.connection.has_password(Identity.guid(guid), password)
        except WritebackError as error:
            self._tell(account, {**refusal(error), **row})
            return
        if not isinstance(answer, bool):
            self._tell(account, row)
            return
        row = {"outcome": "applied" if answer else "not_applied", "settled_by": "bind"}
        if not answer:
            row["message"] = "it was under way and did not arrive: --retry tries again"
        await asyncio.to_thread(self.books.end, account, row)

    def _tell(self, account: str, row: Row) -> None:
        """For the report of this run alone."""
        self.books.done[account.casefold()] = self._told(row)

    def _told(self, row: Row) -> Row:
        if row.get("code") in FAILS_FOR_ALL:
            self.crew.stop(f"{row['code']}: {row['message']}")
        return row


async def work(accounts: dict[str, str | None], options: argparse.Namespace) -> int:
    """Everything between reading the input and the exit code."""
    connection = connect(options, accounts)
    crew = Crew(options.concurrency, options.rate)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True), disable=options.quiet)
    with Books.open(options.report, options.passwords, "mock" if options.mock else " ".join(options.server)) as books:
        reset = Reset(connection, books, crew, options)
        bar = progress.add_task("Resetting", total=len(accounts))

        async def one(entry: tuple[str, str | None]) -> None:
            await reset.one(*entry)
            progress.advance(bar)

        try:
            async with connection.directory:
                with progress:
                    await crew.work_through(accounts.items(), one)
        finally:
            rows = [books.row(account) for account in accounts]
            write_report(options.report, COLUMNS, rows)
    return conclude(rows, crew, options.report)


def conclude(rows: Sequence[Row], crew: Crew, report: Path) -> int:
    """The last words, and the exit code."""
    done = sum(row["outcome"] == "applied" for row in rows)
    flawed = sum(row["outcome"] == "applied" and bool(row.get("code")) for row in rows)
    print(f"{done} of {len(rows)} accounts have their new password; see {report}", file=sys.stderr)
    if flawed:
        print(f"{flawed} of them not quite as asked: see their code", file=sys.stderr)
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
    parser.add_argument("--retry", action="store_true", help="try those again that an earlier run could not reset")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_directory_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program, and returns its exit code."""
    options = arguments().parse_args(argv)
    try:
        return asyncio.run(work(read_accounts(options.input), options))
    except (UsageError, OSError, WritebackError) as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

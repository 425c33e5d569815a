#!/usr/bin/env python3
"""Resets the passwords of many accounts, and tells what became of each.

The input is a CSV file with a column "account" (user principal name, logon name, GUID, ...) and, if you like, a column "password";
where that is empty, a random password to the account's own policy is generated.

Three files come out:
  PASSWORDS          each account's new password, as JSON lines, readable by you alone, on the disk before it is sent
  REPORT             a CSV file with every outcome
  REPORT.journal     what was begun and how it ended, so that an interrupted run can be taken up again

After an interruption, run the same command again. Accounts that are done are left alone; what was under way is settled by a logon
with the stored password, and never sent twice.

Exit codes: 0 every account has its new password; 1 some have not, or it is not known: see the report; 2 wrong options or input;
130 interrupted: run again.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from password_writeback import WritebackError, generate_password
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from common import Connection, Pace, PrivateFile, UsageError, add_directory_options, connect, fail, write_report

COLUMNS = ["account", "outcome", "code", "settled_by", "domain_controller", "distinguished_name", "warnings", "message"]
Row = dict[str, str]


@dataclass
class Books:
    """The journal and the file of passwords: what has been begun, how it ended, and with which password."""

    journal: PrivateFile
    passwords: PrivateFile
    done: dict[str, Row] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    stored: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, report: Path, passwords: Path) -> Books:
        """New ones, or those of an interrupted run."""
        journal = report.with_name(report.name + ".journal")
        resume = journal.exists()
        # The passwords come first: a journal without them would be of no use.
        books_passwords = PrivateFile(passwords, resume=resume or _is_empty(passwords))
        books = cls(PrivateFile(journal, resume=resume), books_passwords)
        for line in books.passwords.lines:
            entry = json.loads(line)
            books.stored[entry["account"]] = entry["password"]
        for line in books.journal.lines:
            entry = json.loads(line)
            if entry.pop("state") == "pending":
                books.pending.add(entry["account"])
                books.done.pop(entry["account"], None)
            else:
                books.pending.discard(entry["account"])
                books.done[entry["account"]] = entry
        return books

    def begin(self, account: str, password: str) -> None:
        """Stores a password, and that it is about to be sent."""
        self.passwords.append(json.dumps({"account": account, "password": password}))
        self.stored[account] = password
        self.journal.append(json.dumps({"account": account, "state": "pending"}))
        self.pending.add(account)

    def end(self, row: Row) -> None:
        """Stores how an account ended."""
        self.journal.append(json.dumps({**row, "state": "done"}))
        self.pending.discard(row["account"])
        self.done[row["account"]] = row

    def close(self) -> None:
        """Closes both."""
        self.journal.close()
        self.passwords.close()


def _is_empty(path: Path) -> bool:
    """Whether there is an empty file: a run was interrupted before anything was begun."""
    return path.is_file() and path.stat().st_size == 0


def read_accounts(path: Path) -> dict[str, str | None]:
    """The accounts, with the passwords that are given."""
    accounts: dict[str, str | None] = {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            if "account" not in (reader.fieldnames or []):
                raise UsageError(f'{path}: there is no column "account"')
            for row in reader:
                account = (row["account"] or "").strip()
                if not account:
                    raise UsageError(f"{path}: line {reader.line_num} names no account")
                if account.casefold() in (known.casefold() for known in accounts):
                    raise UsageError(f"{path}: line {reader.line_num} names {account} again")
                accounts[account] = row.get("password") or None
    except (OSError, UnicodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read: {type(error).__name__}") from None
    return accounts


def refused(account: str, error: WritebackError) -> Row:
    """The row of an account whose reset did not end well."""
    return {
        "account": account,
        "outcome": error.outcome,
        "code": error.code,
        "domain_controller": error.domain_controller or "",
        "message": error.message,
    }


async def reset(
    connection: Connection, books: Books, account: str, given: str | None, options: argparse.Namespace
) -> None:
    """Resets one account: the password is stored before it is sent."""
    directory = connection.directory
    try:
        password = given or generate_password(await directory.password_policy(account)).decode("ascii")
        # In a thread: the disk must not hold up the others.
        await asyncio.to_thread(books.begin, account, password)
        receipt = await directory.reset_password(
            account,
            bytearray(password, "utf-8"),
            unlock="if_permitted" if options.unlock else "no",
            require_change=options.require_change,
            history="off",
            initiator="administrator",
        )
    except WritebackError as error:
        if error.outcome == "unknown":
            # It may yet arrive: a logon now would prove nothing. It stays pending, and the next run settles it.
            books.done[account] = refused(account, error)
        else:
            books.end(refused(account, error))
        return
    books.end(
        {
            "account": account,
            "outcome": "applied",
            "domain_controller": receipt.domain_controller,
            "distinguished_name": receipt.account.distinguished_name,
            "warnings": " ".join(receipt.warnings),
        }
    )


async def settle(connection: Connection, books: Books, account: str) -> None:
    """Finds out by a logon what became of a reset that was under way. It is not sent again."""
    password, code = books.stored.get(account), ""
    try:
        answer = None if password is None else await connection.has_password(account, password)
    except WritebackError as error:
        answer, code = None, str(error.code)
    if answer is None:
        # It stays pending, so that the next run asks again.
        message = "a logon could not tell whether it arrived: run again later"
        books.done[account] = {"account": account, "outcome": "unknown", "code": code, "message": message}
        return
    row = {"account": account, "outcome": "applied" if answer else "not_applied", "settled_by": "logon"}
    if not answer:
        row["message"] = "it was under way and did not arrive: --retry tries again"
    books.end(row)


async def run(
    accounts: dict[str, str | None], connection: Connection, books: Books, options: argparse.Namespace
) -> None:
    """Works through the accounts, so many at a time and no faster than the pace."""
    pace, places = Pace(options.rate), asyncio.Semaphore(options.concurrency)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=options.quiet) as progress:
        bar = progress.add_task("Resetting", total=len(accounts))

        async def one(account: str, given: str | None) -> None:
            async with places:
                before = books.done.get(account)
                if account in books.pending:
                    await pace.turn()
                    await settle(connection, books, account)
                elif before is None or (options.retry and before["outcome"] == "not_applied"):
                    await pace.turn()
                    await reset(connection, books, account, given, options)
                progress.advance(bar)

        await asyncio.gather(*(one(account, given) for account, given in accounts.items()))


async def work(accounts: dict[str, str | None], options: argparse.Namespace) -> int:
    """Everything between reading the input and the exit code."""
    connection = connect(options, accounts)
    books = Books.open(options.report, options.passwords)
    try:
        async with connection.directory:
            await run(accounts, connection, books, options)
    finally:
        begun = {account: {"account": account, "outcome": "pending"} for account in books.pending}
        rows = [
            books.done.get(account) or begun.get(account) or {"account": account, "outcome": "not_begun"}
            for account in accounts
        ]
        write_report(options.report, COLUMNS, rows)
        books.close()
    failed = sum(row["outcome"] != "applied" for row in rows)
    print(
        f"{len(rows) - failed} of {len(rows)} accounts have their new password; see {options.report}", file=sys.stderr
    )
    return 1 if failed else 0


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
    parser.add_argument("--retry", action="store_true", help="try those again that an earlier run could not reset")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_directory_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program, and returns its exit code."""
    options = arguments().parse_args(argv)
    try:
        return asyncio.run(work(read_accounts(options.input), options))
    except (UsageError, OSError) as error:
        return fail(error)
    except WritebackError as error:
        return fail(error)
    except KeyboardInterrupt:
        print("interrupted: run the same command again", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

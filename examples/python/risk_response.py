#!/usr/bin/env python3
"""Answers accounts at risk: a new password at the next logon, or a random one at once.

The input is JSON in the shape of Microsoft Graph's riskyUsers; name every file where it came in several pages. Only accounts whose
riskState is atRisk or confirmedCompromised count, and not deleted ones; the others are reported as not needed. What is done goes by
their riskLevel:
  require-change   the user must choose a new password at the next logon
  random           a random password to the account's own policy, which nobody is told; a lockout stays.
                   The owner comes back by a self-service reset or the help desk
  none             nothing
An account on which a required change would have no effect (CHANGE_NOT_ENFORCEABLE: its password never expires, for example) gets a
random password if --fallback says so, else it is reported.

You act as administrator. Random passwords are not checked against history, so that a minimum age does not stop them. It is safe to
run again: an account that was answered already is answered once more, to the same effect.

The report replaces nothing but an earlier report. It is written before anything is sent and again every few seconds: where the
program is killed, it says "unknown" of every account whose answer it had not yet recorded.

Exit codes: 0 every account at risk was answered; 1 some were not, or it is not known: see the report; 2 wrong options or input,
nothing was sent; 3 the report could not be written once the work had begun, and it was stopped: some accounts may be answered, and
what is known is in the report or, where that failed, on the screen; 130 interrupted: run again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from password_writeback import AsyncPasswordWriteback, Receipt, WritebackError, generate_password

from common import NOT_RECORDED, UNFINISHED, Row, UsageError, fail, refusal
from connection import add_directory_options, connect
from crew import Crew
from report import Report, draft_of, must_differ

COLUMNS = [
    "account", "risk_id", "risk_level", "risk_state", "risk_updated",
    "action", "outcome", "code", "domain_controller", "distinguished_name", "warnings", "message",
]  # fmt: skip
ACTIONS = ("random", "require-change", "none")
LEVELS = {"low": "none", "medium": "require-change", "high": "random", "hidden": "none", "none": "none"}
AT_RISK = ("atRisk", "confirmedCompromised")


@dataclass(frozen=True)
class Risk:
    """An entry of the input."""

    account: str
    id: str
    level: str
    state: str
    updated: str
    deleted: bool = False

    @property
    def counts(self) -> bool:
        """Whether the account is at risk now."""
        return not self.deleted and self.state in AT_RISK

    def row(self, action: str, outcome: str, **details: str) -> Row:
        """What became of it."""
        told = {"account": self.account, "risk_id": self.id, "risk_level": self.level, "risk_state": self.state}
        return {**told, "risk_updated": self.updated, "action": action, "outcome": outcome, **details}


def read_risks(paths: Sequence[Path]) -> list[Risk]:
    """The entries of the input, all of them."""
    risks: list[Risk] = []
    pages_to_come = 1
    for path in paths:
        page = _page(path)
        for number, value in enumerate(page["value"], 1):
            try:
                risks.append(_read(value))
            except ValueError as error:
                raise UsageError(f"{path}: entry {number}: {error}") from None
        pages_to_come += bool(page.get("@odata.nextLink")) - 1
    if pages_to_come > 0:
        raise UsageError("the list goes on at @odata.nextLink: give every page")
    names = Counter(risk.account.casefold() for risk in risks if risk.counts)
    if repeated := [name for name, count in names.items() if count > 1]:
        raise UsageError(f"named more than once: {', '.join(sorted(repeated))}")
    return risks


def _page(path: Path) -> dict[str, Any]:
    try:
        page = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        raise UsageError(f'{path}: is not a list of risky users: it has no list "value"')
    return page


def _read(value: object) -> Risk:
    """An entry. One that does not count may lack what it is not needed for."""
    if not isinstance(value, dict):
        raise ValueError("is not an object")

    def text(name: str) -> str:
        given = value.get(name)
        if not isinstance(given, str | None):
            raise ValueError(f"{name} is not a text")
        # What is not Unicode can stand in no report.
        (given or "").encode()
        return given or ""

    risk = Risk(
        account=text("userPrincipalName"),
        id=text("id"),
        level=text("riskLevel"),
        state=text("riskState"),
        updated=text("riskLastUpdatedDateTime"),
        deleted=value.get("isDeleted") is True,
    )
    needed = ("userPrincipalName", "id", "riskLevel") if risk.counts else () if risk.deleted else ("riskState",)
    if missing := [name for name in needed if not text(name).strip()]:
        raise ValueError(f"{' and '.join(missing)} is missing")
    return risk


def action_for(risk: Risk, actions: dict[str, str]) -> str:
    """What is to be done. A level that is not known yet is treated as high: it is better to rescue one account too many."""
    if not risk.counts:
        return "none"
    return actions.get(risk.level, actions["high"])


async def carry_out(directory: AsyncPasswordWriteback, account: str, action: str) -> Receipt:
    """Does it; raises where it is refused."""
    if action == "require-change":
        return await directory.require_password_change(account, initiator="administrator")
    # Handed over, it is wiped: nobody knows it.
    password = generate_password(await directory.password_policy(account))
    return await directory.reset_password(account, password, history="off", initiator="administrator")


async def answer(directory: AsyncPasswordWriteback, risk: Risk, options: argparse.Namespace) -> Row:
    """Answers one account."""
    action = action_for(risk, options.actions)
    if action == "none":
        return risk.row("none", "not_needed")
    try:
        try:
            receipt = await carry_out(directory, risk.account, action)
        except WritebackError as error:
            if error.code != "CHANGE_NOT_ENFORCEABLE" or options.fallback != "random":
                raise
            action = "random"
            receipt = await carry_out(directory, risk.account, action)
    except WritebackError as error:
        return {**risk.row(action, error.outcome), **refusal(error)}
    return risk.row(
        action,
        "applied",
        domain_controller=receipt.domain_controller,
        distinguished_name=receipt.account.distinguished_name,
        warnings=" ".join(receipt.warnings),
    )


async def work(risks: list[Risk], options: argparse.Namespace) -> int:
    """Everything between reading the input and the exit code."""
    report = Report(options.report, COLUMNS)
    crew = Crew(options.concurrency, options.rate)
    rows = [first_row(risk, options.actions) for risk in risks]
    to_do = [place for place, row in enumerate(rows) if row["outcome"] != "not_needed"]
    # The greatest risk first.
    to_do.sort(key=lambda place: _URGENCY.get(risks[place].level, 0))
    not_begun = set(to_do)
    async with connect(options, [risks[place].account for place in to_do]) as connection:

        async def one(place: int) -> None:
            if await crew.turn():
                not_begun.remove(place)
                rows[place] = await answer(connection.directory, risks[place], options)
                crew.learn(rows[place])
                report.refresh(rows)

        report.begin(rows)
        try:
            await crew.work_through(to_do, one)
        finally:
            for place in not_begun:
                rows[place] |= {"outcome": "not_begun", "message": ""}
            code = conclude(rows, crew)
            report.finish(rows)
    print(f"see {report.path}", file=sys.stderr)
    return code


def first_row(risk: Risk, actions: dict[str, str]) -> Row:
    """What is known of an entry before anything is begun."""
    action = action_for(risk, actions)
    return risk.row(action, "not_needed") if action == "none" else {**risk.row(action, ""), **UNFINISHED}


def conclude(rows: Sequence[Row], crew: Crew) -> int:
    """Says what is known, and gives the exit code."""
    outcomes = Counter(row["outcome"] for row in rows)
    failed = len(rows) - outcomes["applied"] - outcomes["not_needed"]
    print(f"{outcomes['applied']} accounts at risk answered, {failed} not", file=sys.stderr)
    if crew.interrupted:
        return 130
    if crew.why:
        print(f"stopped early: {crew.why}", file=sys.stderr)
    return 1 if failed else 0


_URGENCY = {"high": 0, "medium": 1, "low": 2, "hidden": 3, "none": 3}


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, nargs="+", help="the JSON file of risky users, or its pages")
    parser.add_argument("--report", type=Path, required=True, metavar="CSV", help="where the outcomes go")
    for level, action in LEVELS.items():
        parser.add_argument(
            f"--{level}", choices=ACTIONS, default=action, help=f"risk level {level} (default {action})"
        )
    parser.add_argument(
        "--fallback", choices=("random", "report"), default="report",
        help="where a required change would have no effect (default report)",
    )  # fmt: skip
    add_directory_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program, and returns its exit code."""
    options = arguments().parse_args(argv)
    options.actions = {level: getattr(options, level) for level in LEVELS}
    try:
        must_differ([
            *(("the input", path) for path in options.input),
            ("--report", options.report),
            ("the report's draft", draft_of(options.report)),
            ("--bind-password-file", options.bind_password_file),
            ("--ca-file", options.ca_file),
        ])  # fmt: skip
        return asyncio.run(work(read_risks(options.input), options))
    except (UsageError, WritebackError) as error:
        return fail(error)
    except OSError as error:
        return fail(f"{error}: stopped. Make room, and run again", NOT_RECORDED)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

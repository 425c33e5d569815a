#!/usr/bin/env python3
"""Answers accounts at risk: a new password at the next logon, or a random one at once.

The input is JSON in the shape of Microsoft Graph's riskyUsers; name every file where it came in several pages. Only accounts whose
riskState is atRisk or confirmedCompromised count, and not deleted ones; what is done goes by their riskLevel:
  require-change   the user must choose a new password at the next logon
  random           a random password to the account's own policy, which nobody is told; a lockout stays.
                   The owner comes back by a self-service reset or the help desk
  none             nothing
An account on which a required change would have no effect (CHANGE_NOT_ENFORCEABLE: its password never expires, for example) gets a
random password if --fallback says so, else it is reported.

You act as administrator. Random passwords are not checked against history, so that a minimum age does not stop them. It is safe to
run again: an account that was answered already is answered once more, to the same effect.

Exit codes: 0 every account at risk was answered; 1 some were not, or it is not known: see the report; 2 wrong options or input;
130 interrupted: run again.
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

from password_writeback import Receipt, WritebackError, generate_password

from common import Row, UsageError, fail, refusal
from connection import Directory, add_directory_options, connect
from crew import FAILS_FOR_ALL, Crew
from report import write_report

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

    def row(self, action: str, outcome: str, **details: str) -> Row:
        """What became of it."""
        told = {"account": self.account, "risk_id": self.id, "risk_level": self.level, "risk_state": self.state}
        return {**told, "risk_updated": self.updated, "action": action, "outcome": outcome, **details}


def read_risks(paths: Sequence[Path]) -> list[Risk]:
    """The entries of the input, all of them."""
    risks: list[Risk] = []
    pages_to_come = 1
    for path in paths:
        try:
            page = json.loads(path.read_text(encoding="utf-8-sig"))
            risks += [_read(value) for value in page["value"]]
            pages_to_come += ("@odata.nextLink" in page) - 1
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: is not a list of risky users: {type(error).__name__}: {error}") from None
    if pages_to_come > 0:
        raise UsageError("the list goes on at @odata.nextLink: give every page")
    names = Counter(risk.account.casefold() for risk in risks)
    if repeated := [name for name, count in names.items() if count > 1]:
        raise UsageError(f"named more than once: {', '.join(sorted(repeated))}")
    return risks


def _read(value: dict[str, object]) -> Risk:
    def text(name: str, default: str | None = None) -> str:
        given = value.get(name, default)
        if not isinstance(given, str):
            raise ValueError(f"{name} is not a text")
        return given

    account = text("userPrincipalName")
    if not account:
        raise ValueError("userPrincipalName is empty")
    updated = value.get("riskLastUpdatedDateTime") or ""
    deleted = value.get("isDeleted") is True
    return Risk(account, text("id"), text("riskLevel"), text("riskState"), str(updated), deleted)


def action_for(risk: Risk, actions: dict[str, str]) -> str:
    """What is to be done. A level that is not known yet is treated as high: it is better to rescue one account too many."""
    if risk.deleted or risk.state not in AT_RISK:
        return "none"
    return actions.get(risk.level, actions["high"])


async def carry_out(directory: Directory, account: str, action: str) -> Receipt:
    """Does it; raises where it is refused."""
    if action == "require-change":
        return await directory.require_password_change(account, initiator="administrator")
    # Handed over, it is wiped: nobody knows it.
    password = generate_password(await directory.password_policy(account))
    return await directory.reset_password(account, password, history="off", initiator="administrator")


async def answer(directory: Directory, risk: Risk, options: argparse.Namespace) -> Row:
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
    rows = {risk: risk.row(action_for(risk, options.actions), "not_begun") for risk in risks}
    crew = Crew(options.concurrency, options.rate)
    directory = connect(options, [risk.account for risk in risks]).directory

    async def one(risk: Risk) -> None:
        if not await crew.turn():
            return
        rows[risk] = risk.row(action_for(risk, options.actions), "unknown", message="interrupted")
        rows[risk] = await answer(directory, risk, options)
        if rows[risk].get("code") in FAILS_FOR_ALL:
            crew.stop(f"{rows[risk]['code']}: {rows[risk]['message']}")

    try:
        async with directory:
            # The greatest risk first.
            await crew.work_through(sorted(risks, key=lambda risk: _URGENCY.get(risk.level, 0)), one)
    finally:
        write_report(options.report, COLUMNS, rows.values())
    failed = sum(row["outcome"] not in ("applied", "not_needed") for row in rows.values())
    answered = sum(row["outcome"] == "applied" for row in rows.values())
    print(f"{answered} accounts at risk answered, {failed} not; see {options.report}", file=sys.stderr)
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
        return asyncio.run(work(read_risks(options.input), options))
    except (UsageError, OSError, WritebackError) as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

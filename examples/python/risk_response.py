#!/usr/bin/env python3
"""Answers accounts at risk: a new password at the next logon, or a random one at once.

The input is a JSON file in the shape of Microsoft Graph's riskyUsers. Only accounts whose riskState is atRisk or confirmedCompromised
count; what is done goes by their riskLevel:
  require-change   the user must choose a new password at the next logon
  random           a random password to the account's own policy, which nobody is told, and a new one at the next logon; a lockout stays.
                   The owner comes back by a self-service reset or the help desk
  none             nothing
An account on which a required change would have no effect (CHANGE_NOT_ENFORCEABLE: its password never expires, for example) gets a
random password if --fallback says so, else it is reported.

Exit codes: 0 every account at risk was answered; 1 some were not, or it is not known: see the report; 2 wrong options or input;
130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from password_writeback import WritebackError, generate_password

from common import Directory, Pace, UsageError, add_directory_options, connect, fail, write_report

COLUMNS = [
    "account", "risk_id", "risk_level", "risk_state", "risk_updated",
    "action", "outcome", "code", "domain_controller", "distinguished_name", "message",
]  # fmt: skip
ACTIONS = ("random", "require-change", "none")
LEVELS = {"low": "none", "medium": "require-change", "high": "random", "hidden": "none", "none": "none"}
AT_RISK = ("atRisk", "confirmedCompromised")
Row = dict[str, str]


@dataclass(frozen=True)
class Risk:
    """An entry of the input."""

    account: str
    id: str
    level: str
    state: str
    updated: str

    def row(self, action: str, outcome: str, **details: str) -> Row:
        """What became of it."""
        told = {"account": self.account, "risk_id": self.id, "risk_level": self.level, "risk_state": self.state}
        return {**told, "risk_updated": self.updated, "action": action, "outcome": outcome, **details}


def read_risks(path: Path) -> list[Risk]:
    """The entries of the input, all of them."""
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))["value"]
        risks = [_read(value) for value in values]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: is not a list of risky users: {type(error).__name__}: {error}") from None
    names = [risk.account.casefold() for risk in risks]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"{path}: named more than once: {', '.join(sorted(repeated))}")
    return risks


def _read(value: dict[str, Any]) -> Risk:
    account = value["userPrincipalName"]
    if not isinstance(account, str) or not account:
        raise ValueError("userPrincipalName is not a name")
    return Risk(
        account, str(value["id"]), value["riskLevel"], value["riskState"], value.get("riskLastUpdatedDateTime") or ""
    )


def action_for(risk: Risk, actions: dict[str, str]) -> str:
    """What is to be done. A level that is not known yet is treated as high: it is better to rescue one account too many."""
    return actions.get(risk.level, actions["high"]) if risk.state in AT_RISK else "none"


async def carry_out(directory: Directory, risk: Risk, action: str) -> Row:
    """Does it; raises where it is refused."""
    if action == "require-change":
        receipt = await directory.require_password_change(risk.account, initiator="administrator")
    else:
        password = generate_password(await directory.password_policy(risk.account))
        try:
            receipt = await _set_random(directory, risk.account, password)
        finally:
            password[:] = bytes(len(password))
    details = {"domain_controller": receipt.domain_controller, "distinguished_name": receipt.account.distinguished_name}
    return risk.row(action, "applied", message=" ".join(receipt.warnings), **details)


async def _set_random(directory: Directory, account: str, password: bytearray) -> Any:
    """A random password, and a required change; where that would have no effect, the random password alone."""
    try:
        return await directory.reset_password(
            account, bytearray(password), require_change=True, unlock=False, history="off", initiator="administrator"
        )
    except WritebackError as error:
        if error.code != "CHANGE_NOT_ENFORCEABLE" or error.outcome != "not_applied":
            raise
    return await directory.reset_password(
        account, bytearray(password), unlock=False, history="off", initiator="administrator"
    )


async def answer(directory: Directory, risk: Risk, options: argparse.Namespace) -> Row:
    """Answers one account."""
    action = action_for(risk, options.actions)
    if action == "none":
        return risk.row("none", "not_needed")
    try:
        try:
            return await carry_out(directory, risk, action)
        except WritebackError as error:
            if error.code != "CHANGE_NOT_ENFORCEABLE" or options.fallback != "random" or action == "random":
                raise
            action = "random"
            return await carry_out(directory, risk, action)
    except WritebackError as error:
        where = error.domain_controller or ""
        return risk.row(action, error.outcome, code=error.code, message=error.message, domain_controller=where)


async def work(risks: list[Risk], options: argparse.Namespace) -> int:
    """Everything between reading the input and the exit code."""
    rows = {risk: risk.row(action_for(risk, options.actions), "not_begun") for risk in risks}
    pace, places = Pace(options.rate), asyncio.Semaphore(options.concurrency)
    connection = connect(options, [risk.account for risk in risks])

    async def one(risk: Risk) -> None:
        async with places:
            await pace.turn()
            rows[risk] = risk.row(action_for(risk, options.actions), "unknown", message="interrupted")
            rows[risk] = await answer(connection.directory, risk, options)

    try:
        async with connection.directory:
            await asyncio.gather(*map(one, risks))
    finally:
        write_report(options.report, COLUMNS, rows.values())
    failed = sum(row["outcome"] not in ("applied", "not_needed") for row in rows.values())
    answered = sum(row["outcome"] == "applied" for row in rows.values())
    print(f"{answered} accounts at risk answered, {failed} not; see {options.report}", file=sys.stderr)
    return 1 if failed else 0


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="the JSON file of risky users")
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

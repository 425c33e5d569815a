"""risk_response.py on a mock directory and on real domain controllers."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from kit.program import SambaDc
from password_writeback import AsyncMockDirectory

import risk_response
from risk_response import LEVELS, Risk, answer

OLD = "Old-Passw0rd-1"
DAY = 86400


def respond(
    level: str, state: str = "atRisk", *, fallback: str = "report", deleted: bool = False, **user: bool
) -> tuple[dict[str, str], AsyncMockDirectory]:
    directory = AsyncMockDirectory()
    directory.add_user("alice", password=OLD, password_age=60, **user)  # type: ignore[arg-type]
    options = argparse.Namespace(actions=dict(LEVELS), fallback=fallback)
    risk = Risk("alice", "1", level, state, "", deleted)
    return asyncio.run(answer(directory, risk, options)), directory


def must_change(directory: AsyncMockDirectory) -> bool:
    account = directory.account("alice")
    assert account is not None
    return account.must_change_password


def test_medium_must_change() -> None:
    row, directory = respond("medium")
    assert (row["action"], row["outcome"]) == ("require-change", "applied")
    assert must_change(directory)
    assert directory.verify_password("alice", OLD)


@pytest.mark.parametrize("level", ["high", "aLevelOfTomorrow"])
def test_high_gets_a_random_password_although_the_old_one_is_young(level: str) -> None:
    row, directory = respond(level, "confirmedCompromised")
    assert (row["action"], row["outcome"]) == ("random", "applied")
    assert not directory.verify_password("alice", OLD)


def test_a_lockout_stays() -> None:
    row, directory = respond("high", locked=True)
    assert (row["outcome"], row["warnings"]) == ("applied", "still_locked")
    stored = directory.account("alice")
    assert stored is not None
    assert stored.locked


@pytest.mark.parametrize(
    ("level", "state", "deleted"),
    [
        ("high", "remediated", False),
        ("high", "dismissed", False),
        ("high", "confirmedSafe", False),
        ("low", "atRisk", False),
        ("hidden", "atRisk", False),
        ("high", "atRisk", True),
    ],
)
def test_the_others_are_left_alone(level: str, state: str, deleted: bool) -> None:
    row, directory = respond(level, state, deleted=deleted)
    assert row["outcome"] == "not_needed"
    assert directory.writes == 0


def test_a_change_that_cannot_be_enforced_is_told() -> None:
    row, directory = respond("medium", password_never_expires=True)
    assert (row["outcome"], row["code"]) == ("not_applied", "CHANGE_NOT_ENFORCEABLE")
    assert directory.writes == 0


@pytest.mark.parametrize(("level", "fallback"), [("medium", "random"), ("high", "report")])
def test_or_falls_to_a_random_password(level: str, fallback: str) -> None:
    row, directory = respond(level, fallback=fallback, password_never_expires=True)
    assert (row["action"], row["outcome"]) == ("random", "applied")
    assert not directory.verify_password("alice", OLD)


def rows_of(report: Path) -> list[dict[str, str]]:
    with open(report, newline="") as file:
        return list(csv.DictReader(file))


def test_the_sample_runs(tmp_path: Path) -> None:
    sample = Path(risk_response.__file__).with_name("risky_users.json")
    report = tmp_path / "out.csv"
    assert risk_response.main([str(sample), "--mock", "--report", str(report)]) == 0
    assert [row["outcome"] for row in rows_of(report)] == ["applied", "applied", "not_needed"]


def users(*names: str, level: str = "high", **more: object) -> str:
    """A page of risky users."""
    value = [
        {"id": name, "userPrincipalName": name, "riskLevel": level, "riskState": "atRisk", "isDeleted": False}
        for name in names
    ]
    return json.dumps({"value": value, **more})


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"value": [{}]}',
        users(""),
        users("alice", "ALICE"),
        users("alice", **{"@odata.nextLink": "https://graph.example/next"}),
    ],
)
def test_an_input_at_fault_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "in.json").write_text(text)
    assert risk_response.main([str(tmp_path / "in.json"), "--mock", "--report", str(tmp_path / "out.csv")]) == 2
    assert not (tmp_path / "out.csv").exists()


def test_every_page_counts(tmp_path: Path) -> None:
    first, last = tmp_path / "1.json", tmp_path / "2.json"
    first.write_text(users("alice", **{"@odata.nextLink": "https://graph.example/next"}))
    last.write_text(users("bob"))
    report = tmp_path / "out.csv"
    assert risk_response.main([str(first), str(last), "--mock", "--report", str(report)]) == 0
    assert [row["account"] for row in rows_of(report)] == ["alice", "bob"]


def listens(process: int) -> bool:
    """Whether a program takes SIGTERM itself: it has begun its work."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return False


def test_an_interrupt_leaves_a_true_report(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(users(*(f"user{number:02}" for number in range(40))))
    program = [sys.executable, risk_response.__file__, "in.json", "--mock", "--report", "out.csv", "--rate", "2"]
    with subprocess.Popen(program, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as child:
        deadline = time.monotonic() + 60
        while not listens(child.pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(1)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=60) == 130
    outcomes = Counter(row["outcome"] for row in rows_of(tmp_path / "out.csv"))
    assert set(outcomes) == {"applied", "not_begun"}, outcomes


def test_on_a_real_one(tmp_path: Path, dc: SambaDc) -> None:
    dc.do(policy={"min_length": 9, "min_age": DAY})
    (tmp_path / "secret").write_text(dc.ready["bind_password"])
    mark = uuid4().hex[:8]
    high, medium, never = (f"{kind}-{mark}" for kind in ("high", "med", "nev"))
    made = {name: dc.do(add_user={"name": name, "password": OLD, "password_never_expires": name == never})
            for name in (high, medium, never)}  # fmt: skip
    (tmp_path / "high.json").write_text(users(high, "Administrator", **{"@odata.nextLink": "more"}))
    (tmp_path / "medium.json").write_text(users(medium, never, f"nobody-{mark}", level="medium"))
    arguments = [
        str(tmp_path / "high.json"), str(tmp_path / "medium.json"), "--report", str(tmp_path / "out.csv"),
        "--server", dc.ready["url"], "--ca-file", dc.ready["ca_file"],
        "--bind-user", dc.ready["bind_user"], "--bind-password-file", str(tmp_path / "secret"),
    ]  # fmt: skip
    assert risk_response.main(arguments) == 1
    told = {row["account"]: (row["action"], row["outcome"], row["code"]) for row in rows_of(tmp_path / "out.csv")}
    assert told == {
        high: ("random", "applied", ""),
        "Administrator": ("random", "not_applied", "PROTECTED_ACCOUNT"),
        medium: ("require-change", "applied", ""),
        never: ("require-change", "not_applied", "CHANGE_NOT_ENFORCEABLE"),
        f"nobody-{mark}": ("require-change", "not_applied", "ACCOUNT_NOT_FOUND"),
    }
    # The passwords were set just now: no minimum age stood in the way.
    assert dc.do(bind={"user": made[high]["dn"], "password": OLD}) == "52e"
    assert dc.do(bind={"user": made[medium]["dn"], "password": OLD}) == "773"
    assert dc.do(bind={"user": made[never]["dn"], "password": OLD}) == "0"
    assert risk_response.main([*arguments, "--fallback", "random"]) == 1
    assert dc.do(bind={"user": made[never]["dn"], "password": OLD}) == "52e"

"""risk_response.py on a mock directory."""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from password_writeback import AsyncMockDirectory

import risk_response
from risk_response import LEVELS, Risk, answer

OLD = "Old-Passw0rd-1"


def respond(
    level: str, state: str = "atRisk", *, fallback: str = "report", **user: bool
) -> tuple[dict[str, str], AsyncMockDirectory]:
    directory = AsyncMockDirectory()
    directory.add_user("alice", password=OLD, **user)  # type: ignore[arg-type]
    options = argparse.Namespace(actions=dict(LEVELS), fallback=fallback)
    return asyncio.run(answer(directory, Risk("alice", "1", level, state, ""), options)), directory


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
    assert must_change(directory)
    assert not directory.verify_password("alice", OLD)


@pytest.mark.parametrize(
    ("level", "state"), [("high", "remediated"), ("high", "dismissed"), ("low", "atRisk"), ("hidden", "atRisk")]
)
def test_the_others_are_left_alone(level: str, state: str) -> None:
    row, directory = respond(level, state)
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


def test_the_sample_runs(tmp_path: Path) -> None:
    sample = Path(risk_response.__file__).with_name("risky_users.json")
    assert risk_response.main([str(sample), "--mock", "--report", str(tmp_path / "out.csv")]) == 0
    with open(tmp_path / "out.csv", newline="") as file:
        assert [row["outcome"] for row in csv.DictReader(file)] == ["applied", "applied", "not_needed"]


def test_an_input_at_fault_is_told(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text("[]")
    assert risk_response.main([str(tmp_path / "in.json"), "--mock", "--report", str(tmp_path / "out.csv")]) == 2

"""risk_response.py on a mock directory and on real domain controllers."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from kit.program import FakeDc, SambaDc
from password_writeback import AsyncMockDirectory, Receipt

import mock_people
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
        "null",
        "[" * 100_000,
        '{"value": null}',
        '{"value": {}}',
        '{"value": {"userPrincipalName": "alice"}}',
        '{"value": [{}]}',
        '{"value": ["alice"]}',
        '{"value": [null]}',
        '{"value": [{"isDeleted": false, "userPrincipalName": "alice", "riskState": 1}]}',
        users(""),
        users("\ud800"),
        users("alice", level=""),
        users("alice", "ALICE"),
        users("alice", **{"@odata.nextLink": "https://graph.example/next"}),
    ],
    ids=lambda text: text[:40],
)
def test_an_input_at_fault_is_told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.json").write_text(text)
    assert risk_response.main([str(tmp_path / "in.json"), "--mock", "--report", str(tmp_path / "out.csv")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "out.csv").exists()


def test_what_does_not_count_stops_nothing(tmp_path: Path) -> None:
    entries = [
        {"id": "1", "userPrincipalName": "alice", "riskLevel": "high", "riskState": "atRisk", "isDeleted": True},
        {"id": "2", "userPrincipalName": "Alice", "riskLevel": "high", "riskState": "atRisk", "isDeleted": False},
        {"id": "3", "userPrincipalName": None, "riskLevel": "high", "riskState": "dismissed"},
        {"userPrincipalName": "", "isDeleted": True},
        {"userPrincipalName": "", "isDeleted": True},
        {"id": "4", "userPrincipalName": "bob", "riskLevel": "none", "riskState": "remediated"},
        {"id": "5", "userPrincipalName": "bob", "riskLevel": "none", "riskState": "remediated"},
    ]
    (tmp_path / "in.json").write_text(json.dumps({"value": entries, "@odata.nextLink": None}))
    report = tmp_path / "out.csv"
    assert risk_response.main([str(tmp_path / "in.json"), "--mock", "--report", str(report)]) == 0
    assert [row["outcome"] for row in rows_of(report)] == ["not_needed", "applied", *["not_needed"] * 5]


def test_what_needs_nothing_does_not_wait(tmp_path: Path) -> None:
    entries = json.loads(users(*(f"user{number}" for number in range(60))))["value"]
    for entry in entries[1:]:
        entry["riskState"] = "remediated"
    (tmp_path / "in.json").write_text(json.dumps({"value": entries}))
    report = tmp_path / "out.csv"
    # At this pace, sixty turns would take a day.
    run = Program(tmp_path, "--mock", "--rate", "0.001")
    assert run.wait() == 0
    assert Counter(row["outcome"] for row in rows_of(report)) == {"applied": 1, "not_needed": 59}


@pytest.mark.parametrize("report", ["in.json", "link", "../here/in.json"])
def test_the_input_is_not_replaced(
    tmp_path: Path, report: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "in.json").write_text(users("alice"))
    (folder / "link").symlink_to("in.json")
    assert risk_response.main(["in.json", "--mock", "--report", report]) == 2
    assert "cannot be both" in capsys.readouterr().err
    assert (folder / "in.json").read_text() == users("alice")


class Watched(AsyncMockDirectory):
    """A mock directory that remembers what it is asked to write, and does something after that."""

    asked: ClassVar[list[str]] = []
    afterwards: ClassVar[Callable[[], object]] = staticmethod(lambda: None)

    async def reset_password(self, identity: Any, *password: Any, **options: Any) -> Receipt:
        """A reset."""
        self.asked.append(identity)
        receipt = await super().reset_password(identity, *password, **options)
        type(self).afterwards()
        return receipt


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    """In the place of the mock directory."""
    monkeypatch.setattr(mock_people, "AsyncMockDirectory", Watched)
    monkeypatch.setattr(Watched, "asked", [])
    return Watched


def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(
    tmp_path: Path, watched: type[Watched], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.json").write_text(users("alice"))
    (tmp_path / "foreign").write_text("mine\n")
    for report in ("nowhere/out.csv", "foreign", "."):
        assert risk_response.main([str(tmp_path / "in.json"), "--mock", "--report", str(tmp_path / report)]) == 2
        assert "report" in capsys.readouterr().err
    assert not watched.asked
    assert (tmp_path / "foreign").read_text() == "mine\n"


def test_a_report_that_is_lost_is_shown(
    tmp_path: Path, watched: type[Watched], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.json").write_text(users("alice", "bob"))
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.setattr(watched, "afterwards", lambda: shutil.rmtree(folder, ignore_errors=True))
    assert risk_response.main([str(tmp_path / "in.json"), "--mock", "--report", str(folder / "out.csv")]) == 3
    said = capsys.readouterr().err
    assert "accounts at risk answered" in said
    assert "alice,alice,high,atRisk,,random,applied" in said
    assert "No such file" in said


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


class Program:
    """The program, at work on in.json."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, risk_response.__file__, "in.json", "--report", "out.csv", *options]
        self.folder = folder
        self.child = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
        self.said = ""

    def wait(self) -> int:
        """Waits for its end."""
        try:
            _, self.said = self.child.communicate(timeout=60)
        finally:
            self.child.kill()
        return self.child.returncode

    def outcomes(self) -> Counter[str]:
        """What the report says now."""
        report = self.folder / "out.csv"
        return Counter(row["outcome"] for row in rows_of(report)) if report.exists() else Counter()


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)


def test_an_interrupt_leaves_a_true_report(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(users(*(f"user{number:02}" for number in range(40))))
    program = Program(tmp_path, "--mock", "--rate", "2")
    wait_for(lambda: program.outcomes()["applied"] and listens(program.child.pid))
    program.child.send_signal(signal.SIGTERM)
    assert program.wait() == 130
    assert set(program.outcomes()) == {"applied", "not_begun"}, program.outcomes()


def test_a_kill_leaves_a_true_report(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(users(*(f"user{number:02}" for number in range(40))))
    program = Program(tmp_path, "--mock", "--rate", "2")
    wait_for(lambda: program.outcomes()["applied"])
    program.child.kill()
    assert program.wait() == -signal.SIGKILL
    # Which of the others was begun, nobody knows any more.
    assert set(program.outcomes()) == {"applied", "unknown"}, program.outcomes()


def test_a_wrong_bind_password_costs_one_logon(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(users(*(f"user{number:02}" for number in range(12))))
    (tmp_path / "secret").write_text("Wrong-Marker-1")
    with FakeDc() as dc:
        program = Program(
            tmp_path, "--rate", "1000", "--server", dc.ready["url"], "--ca-file", dc.ready["ca_file"],
            "--bind-user", dc.ready["bind_user"], "--bind-password-file", "secret",
        )  # fmt: skip
        assert program.wait() == 1
        assert dc.ask({"seen": {}})["binds"] == 1
    assert "stopped early: BIND_FAILED" in program.said
    assert program.outcomes() == {"not_applied": 1, "not_begun": 11}


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

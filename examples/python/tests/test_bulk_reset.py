"""bulk_reset.py on a mock directory, interrupted and not."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ACCOUNTS = [f"user{number:02}" for number in range(12)]


class Bench:
    """A folder with an input, and the program run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = folder / "sent"
        self.give("account,password\n" + "".join(f"{name},\n" for name in ACCOUNTS))

    def give(self, text: str) -> None:
        """Sets the input."""
        (self.folder / "in.csv").write_text(text)

    def run(self, *more: str, when: str = "never") -> subprocess.CompletedProcess[str]:
        """Runs the program."""
        files = ["in.csv", "--report", "out.csv", "--passwords", "new.jsonl"]
        command = [
            sys.executable,
            str(HERE / "driver.py"),
            str(self.sent),
            when,
            *files,
            "--mock",
            "--rate",
            "1000",
            *more,
        ]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)

    def report(self) -> dict[str, dict[str, str]]:
        """The report."""
        with open(self.folder / "out.csv", newline="") as file:
            return {row["account"]: row for row in csv.DictReader(file)}

    def lines(self, path: str) -> list[dict[str, str]]:
        """A file of JSON lines."""
        return [json.loads(line) for line in (self.folder / path).read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench of the test's own."""
    return Bench(tmp_path)


def test_every_account_is_reset_and_told(bench: Bench) -> None:
    done = bench.run()
    assert done.returncode == 0, done.stderr
    assert {row["outcome"] for row in bench.report().values()} == {"applied"}
    assert list(bench.report()) == ACCOUNTS
    stored, sent = bench.lines("new.jsonl"), bench.lines("sent")
    assert sorted(map(str, stored)) == sorted(map(str, sent))
    assert (bench.folder / "new.jsonl").stat().st_mode & 0o777 == 0o600
    for entry in stored:
        shown = done.stdout + done.stderr + (bench.folder / "out.csv").read_text()
        assert entry["password"] not in shown + (bench.folder / "out.csv.journal").read_text()


@pytest.mark.parametrize("when", ["before:1", "before:5", "after:1", "after:5", "after:12"])
@pytest.mark.parametrize("concurrency", ["1", "4"])
def test_after_a_kill_nobody_is_sent_twice_and_nothing_is_lost(bench: Bench, when: str, concurrency: str) -> None:
    killed = bench.run("--concurrency", concurrency, when=when)
    assert killed.returncode == -signal.SIGKILL
    again = bench.run("--concurrency", concurrency)
    sent = [entry["account"] for entry in bench.lines("sent")]
    assert len(sent) == len(set(sent))
    outcomes = {account: row["outcome"] for account, row in bench.report().items()}
    assert outcomes == {account: "applied" if account in sent else "not_applied" for account in ACCOUNTS}
    assert again.returncode == (0 if len(sent) == len(ACCOUNTS) else 1), again.stderr
    if when.startswith("after"):
        assert any(row["settled_by"] == "logon" for row in bench.report().values())
    # What did not arrive can be tried again, on request, with another password.
    assert bench.run("--retry").returncode == 0
    known = {entry["account"]: entry["password"] for entry in bench.lines("new.jsonl")}
    assert known == {entry["account"]: entry["password"] for entry in bench.lines("sent")}
    assert len(bench.lines("sent")) == len(ACCOUNTS)


def test_given_passwords_are_used_and_refusals_told(bench: Bench) -> None:
    bench.give("account,password\nalice,Given-Passw0rd-1\nbob,short\n")
    assert bench.run().returncode == 1
    rows = bench.report()
    assert (rows["alice"]["outcome"], rows["bob"]["outcome"]) == ("applied", "not_applied")
    assert rows["bob"]["code"] == "POLICY_VIOLATION"
    assert bench.lines("sent") == [{"account": "alice", "password": "Given-Passw0rd-1"}]


def test_another_file_is_not_touched(bench: Bench) -> None:
    (bench.folder / "new.jsonl").write_text("mine\n")
    assert bench.run().returncode == 2
    assert (bench.folder / "new.jsonl").read_text() == "mine\n"
    assert not bench.sent.exists()


@pytest.mark.parametrize("text", ["name\nalice\n", "account\nalice\nALICE\n", "account\n \n", "account\n\x00\xff"])
def test_an_input_at_fault_sends_nothing(bench: Bench, text: str) -> None:
    (bench.folder / "in.csv").write_bytes(text.encode("latin-1"))
    assert bench.run().returncode == 2
    assert not bench.sent.exists()

"""bulk_reset.py on a mock directory and on real domain controllers, interrupted and not."""

from __future__ import annotations

import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from kit.program import SambaDc

HERE = Path(__file__).parent
ACCOUNTS = [f"user{number:02}" for number in range(12)]


class Bench:
    """A folder with an input, and the program run in it."""

    def __init__(self, folder: Path, directory: list[str]) -> None:
        self.folder = folder
        self.directory = directory
        self.names = ACCOUNTS
        self.give("account,password\n" + "".join(f"{name},\n" for name in ACCOUNTS))

    def give(self, text: str) -> None:
        """Sets the input."""
        (self.folder / "in.csv").write_text(text)

    def command(self, *more: str, when: str = "never") -> list[str]:
        """How the program is run."""
        files = ["in.csv", "--report", "out.csv", "--passwords", "new.jsonl"]
        rate = [] if "--rate" in more else ["--rate", "1000"]
        return [sys.executable, str(HERE / "driver.py"), "sent", when, *files, *self.directory, *rate, *more]

    def run(self, *more: str, when: str = "never") -> subprocess.CompletedProcess[str]:
        """Runs the program to its end."""
        return subprocess.run(
            self.command(*more, when=when), cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )

    def interrupted(self, number: signal.Signals, *more: str) -> tuple[int, str]:
        """Runs the program, and sends a signal once three accounts are done."""
        with subprocess.Popen(self.command(*more), cwd=self.folder, stderr=subprocess.PIPE, text=True) as child:
            wait_for(lambda: self.count('"state": "done"') >= 3)
            child.send_signal(number)
            assert child.stderr is not None
            said = child.stderr.read()
            return child.wait(timeout=60), said

    def count(self, text: str) -> int:
        """How often something is in the journal."""
        journal = self.folder / "out.csv.journal"
        return journal.read_text().count(text) if journal.exists() else 0

    def report(self) -> dict[str, dict[str, str]]:
        """The report."""
        with open(self.folder / "out.csv", newline="") as file:
            return {row["account"]: row for row in csv.DictReader(file)}

    def outcomes(self) -> dict[str, str]:
        """The outcomes of the report."""
        return {account: row["outcome"] for account, row in self.report().items()}

    def lines(self, path: str) -> list[dict[str, str]]:
        """A file of JSON lines."""
        file = self.folder / path
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def sent(self) -> list[dict[str, str]]:
        """The writes that were begun."""
        return [line for line in self.lines("sent") if "safe" in line]

    def stored(self) -> dict[str, str]:
        """The passwords that the file holds: the last one of each account."""
        return {line["account"]: line["password"] for line in self.lines("new.jsonl")}


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench of the test's own."""
    return Bench(tmp_path, ["--mock"])


def assert_no_password_shown(bench: Bench, shown: str) -> None:
    for path in ("out.csv", "out.csv.journal"):
        shown += (bench.folder / path).read_text()
    for password in bench.stored().values():
        assert password not in shown


def test_every_account_is_reset_and_told(bench: Bench) -> None:
    done = bench.run()
    assert done.returncode == 0, done.stderr
    assert bench.outcomes() == dict.fromkeys(ACCOUNTS, "applied")
    assert list(bench.report()) == ACCOUNTS
    assert bench.stored() == {line["account"]: line["password"] for line in bench.sent()}
    assert all(line["safe"] for line in bench.sent()), "sent before it was on the disk"
    assert {(line["history"], line["initiator"]) for line in bench.sent()} == {("off", "administrator")}
    assert len(set(bench.stored().values())) == len(ACCOUNTS)
    for path in ("new.jsonl", "out.csv.journal"):
        assert (bench.folder / path).stat().st_mode & 0o777 == 0o600
    assert_no_password_shown(bench, done.stdout + done.stderr)
    # Once more: there is nothing left to do.
    assert bench.run().returncode == 0
    assert len(bench.sent()) == len(ACCOUNTS)


def test_the_progress_is_seen_and_no_password(bench: Bench) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        bench.command(),
        cwd=bench.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    ) as child:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
        os.close(ours)
        assert child.wait(timeout=60) == 0
    text = shown.decode()
    assert "12/12" in text
    assert "━" in text
    assert_no_password_shown(bench, text)


def test_the_sample_runs(bench: Bench) -> None:
    """As the README says."""
    program, sample = str(HERE.parent / "bulk_reset.py"), str(HERE.parent / "accounts.csv")
    command = [sys.executable, program, sample, "--mock", "--report", "out.csv", "--passwords", "new.jsonl"]
    done = subprocess.run(command, cwd=bench.folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert set(bench.outcomes().values()) == {"applied"}


@pytest.mark.parametrize(
    ("when", "concurrency"),
    [("before:1", "1"), ("before:5", "4"), ("after:1", "4"), ("after:5", "1"), ("after:12", "4")],
)
def test_after_a_kill_nobody_is_sent_twice_and_nothing_is_lost(bench: Bench, when: str, concurrency: str) -> None:
    killed = bench.run("--concurrency", concurrency, when=when)
    assert killed.returncode == -signal.SIGKILL
    again = bench.run("--concurrency", concurrency)
    sent = [line["account"] for line in bench.sent()]
    written = {line["account"] for line in bench.lines("sent") if "written" in line}
    assert max(Counter(sent).values()) == 1
    assert bench.outcomes() == {account: "applied" if account in written else "not_applied" for account in ACCOUNTS}
    assert again.returncode == (0 if len(written) == len(ACCOUNTS) else 1), again.stderr
    if when.startswith("after"):
        assert any(row["settled_by"] == "bind" for row in bench.report().values())
    # What did not arrive can be tried again, on request, with another password.
    assert bench.run("--retry").returncode == 0
    written_with = {line["account"]: line["password"] for line in bench.lines("sent") if "written" in line}
    assert bench.stored() == written_with
    assert len(written_with) == len(ACCOUNTS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_what_is_under_way_end(bench: Bench, number: signal.Signals) -> None:
    status, said = bench.interrupted(number, "--rate", "2")
    assert status == 130
    assert "interrupted: run the same command again" in said
    outcomes = Counter(bench.outcomes().values())
    assert set(outcomes) == {"applied", "not_begun"}, outcomes
    assert outcomes["applied"] == len(bench.sent())
    assert bench.run().returncode == 0
    assert Counter(line["account"] for line in bench.sent()) == dict.fromkeys(ACCOUNTS, 1)


def test_the_pace_is_kept(bench: Bench) -> None:
    began = time.monotonic()
    assert bench.run("--rate", "6", "--concurrency", "12").returncode == 0
    assert time.monotonic() - began >= 11 / 6


def test_given_passwords_are_used_and_refusals_told(bench: Bench) -> None:
    bench.give("Account, PASSWORD ,note\nalice,Given-Passw0rd-1,x\nbob,short,\ncarol,,\n")
    assert bench.run().returncode == 1
    rows = bench.report()
    assert bench.outcomes() == {"alice": "applied", "bob": "not_applied", "carol": "applied"}
    assert rows["bob"]["code"] == "POLICY_VIOLATION"
    checked = {line["account"]: line["history"] for line in bench.sent()}
    assert checked == {"alice": "required", "bob": "required", "carol": "off"}
    assert bench.stored()["alice"] == "Given-Passw0rd-1"


def test_a_second_name_of_an_account_is_told(bench: Bench) -> None:
    bench.give("account\nalice\nalice@corp.example\n")
    assert bench.run("--concurrency", "1").returncode == 1
    assert [line["account"] for line in bench.sent()] == ["alice"]
    assert "by another name" in bench.report()["alice@corp.example"]["message"]
    bench.give("account\nALICE\n")
    assert bench.run().returncode == 0
    assert len(bench.sent()) == 1


def test_other_files_are_not_touched(bench: Bench) -> None:
    (bench.folder / "new.jsonl").write_text("mine\n")
    assert bench.run().returncode == 2
    assert (bench.folder / "new.jsonl").read_text() == "mine\n"
    assert not bench.sent()
    (bench.folder / "new.jsonl").unlink()
    (bench.folder / "new.jsonl").symlink_to(bench.folder / "elsewhere")
    assert bench.run().returncode == 2
    assert not (bench.folder / "elsewhere").exists()


def test_a_journal_of_another_directory_is_refused(bench: Bench) -> None:
    assert bench.run().returncode == 0
    bench.directory = ["--server", "ldaps://dc1.invalid", "--bind-user", "svc", "--bind-password-file", "in.csv"]
    refused = bench.run()
    assert refused.returncode == 2
    assert "another directory" in refused.stderr


def test_two_at_once_are_refused(bench: Bench) -> None:
    with subprocess.Popen(bench.command("--rate", "0.2"), cwd=bench.folder, stderr=subprocess.DEVNULL) as first:
        wait_for(lambda: bench.count("done") >= 1)
        second = bench.run()
        first.send_signal(signal.SIGINT)
        assert (second.returncode, "at work" in second.stderr) == (2, True)
        assert first.wait(timeout=60) == 130
    assert bench.run().returncode == 0
    assert Counter(line["account"] for line in bench.sent()) == dict.fromkeys(ACCOUNTS, 1)


def test_what_fails_for_all_stops_it(bench: Bench) -> None:
    (bench.folder / "secret").write_text("S3cret-of-svc")
    bench.directory = [
        "--server", "ldaps://127.0.0.1:1", "--bind-user", "svc@corp.example", "--bind-password-file", "secret",
    ]  # fmt: skip
    done = bench.run("--concurrency", "2")
    assert done.returncode == 1
    assert "stopped early: UNREACHABLE" in done.stderr
    outcomes = Counter(row["code"] or row["outcome"] for row in bench.report().values())
    assert outcomes["UNREACHABLE"] <= 2
    assert outcomes["not_begun"] >= 10
    assert "S3cret-of-svc" not in done.stdout + done.stderr


@pytest.mark.parametrize("text", ["name\nalice\n", "account\nalice\nALICE\n", "account\n \n", "account\n\x00\xff", ""])
def test_an_input_at_fault_sends_nothing(bench: Bench, text: str) -> None:
    (bench.folder / "in.csv").write_bytes(text.encode("latin-1"))
    assert bench.run().returncode == 2
    assert not bench.sent()


@pytest.mark.parametrize("line", [1, 2, 3, 4, 6, 7])
def test_a_full_disk_stops_it_and_loses_nothing(bench: Bench, line: int) -> None:
    full = bench.run("--concurrency", "1", when=f"full:{line}")
    assert (full.returncode, "No space left" in full.stderr) == (2, True), full.stderr
    assert all(line["safe"] for line in bench.sent())
    assert bench.run().returncode == 0
    assert Counter(line["account"] for line in bench.sent()) == dict.fromkeys(ACCOUNTS, 1)
    assert bench.outcomes() == dict.fromkeys(ACCOUNTS, "applied")


# On real domain controllers


@pytest.fixture
def real(tmp_path: Path, dc: SambaDc) -> Bench:
    """A bench with accounts of the test's own, whose passwords are too young to be changed."""
    (tmp_path / "secret").write_text(dc.ready["bind_password"] + "\n")
    dc.do(policy={"min_length": 9, "min_age": 86400})
    bench = Bench(tmp_path, [
        "--server", dc.ready["url"], "--ca-file", dc.ready["ca_file"],
        "--bind-user", dc.ready["bind_user"], "--bind-password-file", "secret",
    ])  # fmt: skip
    mark = uuid4().hex[:8]
    bench.names = [f"b{mark}{number:02}" for number in range(8)]
    for name in bench.names:
        dc.do(add_user={"name": name})
    bench.give("account\n" + "".join(f"{name}@{dc.ready['dns_domain']}\n" for name in bench.names))
    return bench


def assert_true_on(dc: SambaDc, bench: Bench) -> None:
    """The report says what a logon says, and nobody was sent a password twice."""
    stored = bench.stored()
    for account, row in bench.report().items():
        answer = dc.do(bind={"user": account, "password": stored[account]})
        assert (row["outcome"], answer) in (("applied", "0"), ("not_applied", "52e")), (account, row, answer)
    assert max(Counter(line["account"] for line in bench.sent()).values()) == 1


def test_on_a_real_one_young_passwords_are_reset(dc: SambaDc, real: Bench) -> None:
    done = real.run()
    assert done.returncode == 0, done.stderr
    assert set(real.outcomes().values()) == {"applied"}
    assert_true_on(dc, real)
    assert_no_password_shown(real, done.stdout + done.stderr)


@pytest.mark.parametrize("when", ["before:3", "during:3:0", "during:3:0.01", "during:4:0.05", "after:5"])
def test_on_a_real_one_a_kill_is_settled_by_a_bind(dc: SambaDc, real: Bench, when: str) -> None:
    killed = real.run("--concurrency", "3", when=when)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = real.run("--concurrency", "3")
    assert again.returncode in (0, 1), again.stderr
    assert set(real.outcomes().values()) <= {"applied", "not_applied"}
    assert any(row["settled_by"] == "bind" for row in real.report().values())
    assert_true_on(dc, real)


def test_on_a_real_one_an_interrupt_loses_nothing(dc: SambaDc, real: Bench) -> None:
    status, _ = real.interrupted(signal.SIGINT, "--rate", "1")
    assert status == 130
    assert set(real.outcomes().values()) == {"applied", "not_begun"}
    assert real.run().returncode == 0
    assert set(real.outcomes().values()) == {"applied"}
    assert_true_on(dc, real)


def test_on_a_real_one_refusals_are_told(dc: SambaDc, real: Bench) -> None:
    names = real.names
    real.give(f"account,password\n{names[0]},short\nnobody-{names[0]},\nAdministrator,\n{names[1]},\n")
    assert real.run().returncode == 1
    codes = {row["account"]: (row["outcome"], row["code"]) for row in real.report().values()}
    assert codes["nobody-" + names[0]] == ("not_applied", "ACCOUNT_NOT_FOUND")
    assert codes["Administrator"] == ("not_applied", "PROTECTED_ACCOUNT")
    assert codes[names[1]] == ("applied", "")
    assert codes[names[0]][0] == "not_applied"

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
from kit.program import FakeDc, SambaDc

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
        # Of an option that is given twice, the last one counts.
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

    def contents(self) -> dict[str, bytes]:
        """What is in the folder."""
        return {
            path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file() and path.name != "sent"
        }

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


def test_what_was_sent_just_before_a_kill_is_given_time_to_arrive(bench: Bench) -> None:
    assert bench.run(when="before:3").returncode < 0
    journal = bench.folder / "out.csv.journal"
    begun = journal.stat().st_mtime
    bench.give("account\n" + "".join(f"{line['account']}\n" for line in bench.lines("new.jsonl")))
    assert bench.run(when="grace:5").returncode == 1
    assert bench.count('"settled_by": "bind"') > 0
    assert journal.stat().st_mtime >= begun + 5


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


SAME = [
    ("--passwords", "out.csv"),
    ("--passwords", "in.csv"),
    ("--passwords", "out.csv.part"),
    ("--passwords", "out.csv.journal"),
    ("--passwords", "../there/new.jsonl", "--report", "new.jsonl"),
    ("--passwords", "link-to-out.csv"),
    ("--report", "in.csv"),
    ("--report", "link-to-in.csv"),
    ("--report", "twin-of-in.csv"),
    ("--report", "link-to-new.jsonl"),
    ("--bind-password-file", "out.csv"),
]


@pytest.mark.parametrize("options", SAME, ids=" ".join)
def test_one_file_cannot_be_two(tmp_path: Path, options: tuple[str, ...]) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    bench = Bench(folder, ["--mock"])
    for name in ("out.csv", "in.csv", "new.jsonl"):
        (folder / f"link-to-{name}").symlink_to(folder / name)
    (folder / "twin-of-in.csv").hardlink_to(folder / "in.csv")
    before = bench.contents()
    done = bench.run(*options)
    assert (done.returncode, "cannot be both" in done.stderr) == (2, True), done.stderr
    assert bench.contents() == before
    assert not bench.sent()


@pytest.mark.parametrize("name", ["out.csv", "out.csv.part"])
def test_a_report_replaces_nothing_but_a_report(bench: Bench, name: str) -> None:
    (bench.folder / name).write_text("account,secret\n")
    before = bench.contents()
    refused = bench.run()
    assert (refused.returncode, "is not a report of this program" in refused.stderr) == (2, True)
    assert bench.contents() == before
    assert "no place for a report" in bench.run("--report", ".").stderr
    # An empty file is nobody's loss, and a report is written anew.
    (bench.folder / name).write_text("")
    assert bench.run().returncode == 0
    bench.give("account\nalice\n")
    assert bench.run().returncode == 0
    assert bench.outcomes() == {"alice": "applied"}


FOREIGN = [
    (b"S3cret without an end", 1),
    (b"S3cret\n", 1),
    (b'{"account": "a", "password": "b"}\nS3cret', 2),
    (b'{"account": "a", "password": "b"}\n{"account": "S3cret"}\n', 2),
    (b'{"account": "a", "password": ["S3cret"]}\n{"acc', 1),
    (b'{"account": "a", "password": "b"}\n{"account": "S3cret\xff"}\n', 2),
    (b'{"account": ' + b"[" * 100_000 + b"\n", 1),
]


@pytest.mark.parametrize(("content", "line"), FOREIGN)
def test_a_foreign_file_of_passwords_is_not_cut(bench: Bench, content: bytes, line: int) -> None:
    assert bench.run(when="before:3").returncode < 0
    (bench.folder / "new.jsonl").write_bytes(content)
    assert_refused(bench, "new.jsonl", line)


STRANGE = [
    (b"S3cret without an end", 1),
    (b'{"state": "pending", "account": "S3cret", "guid": "0a0b0c0d-0102-0304-0506-0708090a0b0c"}\n', 1),
    (b'{"state": "opened", "directory": "mock"}\n{"state": "done", "account": "S3cret", "guid": "x"}\n', 2),
    (b'{"state": "opened", "directory": "mock"}\n{"state": "S3cret"}\n{"sta', 2),
    (b'{"state": "opened", "S3cret": "mock"}\n', 1),
    (b'{"state": S3cret\n', 1),
]


@pytest.mark.parametrize(("content", "line"), STRANGE)
def test_a_damaged_journal_is_told(bench: Bench, content: bytes, line: int) -> None:
    assert bench.run(when="before:3").returncode < 0
    (bench.folder / "out.csv.journal").write_bytes(content)
    assert_refused(bench, "out.csv.journal", line)


def assert_refused(bench: Bench, name: str, line: int) -> None:
    before = bench.contents()
    refused = bench.run()
    assert refused.returncode == 2
    assert f"{name}: line {line} is not one of this program's" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "S3cret" not in refused.stderr
    assert bench.contents() == before


def test_a_half_line_is_replaced(bench: Bench) -> None:
    assert bench.run(when="before:3").returncode < 0
    for name, half in [("new.jsonl", b'{"account": "user'), ("out.csv.journal", b'{"st')]:
        with open(bench.folder / name, "ab") as file:
            file.write(half)
    assert bench.run("--retry").returncode in (0, 1)
    assert bench.run("--retry").returncode == 0
    assert len(bench.stored()) == len(ACCOUNTS)


def test_a_mock_and_a_server_do_not_go_together(bench: Bench) -> None:
    bench.directory = ["--mock", *unreachable(bench, 1)]
    done = bench.run()
    assert (done.returncode, "or --mock" in done.stderr) == (2, True)
    assert not (bench.folder / "out.csv").exists()


def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(bench: Bench) -> None:
    done = bench.run("--report", "nowhere/out.csv")
    assert (done.returncode, "nowhere" in done.stderr) == (2, True)
    assert not bench.sent()


def test_a_killed_run_leaves_a_true_report(bench: Bench) -> None:
    assert bench.run(when="after:5").returncode < 0
    assert bench.outcomes() == dict.fromkeys(ACCOUNTS, "unknown")
    assert all("run again" in row["message"] for row in bench.report().values())


def test_a_mock_has_the_accounts_of_the_input(bench: Bench) -> None:
    names = ["alice", "ALICE@corp.example", "CORP\\bob", "carol@contoso.com", "Administrator", "a*b"]
    bench.give("account\n" + "".join(f"{name}\n" for name in names))
    assert bench.run("--concurrency", "1").returncode == 1
    codes = {account: row["code"] or row["outcome"] for account, row in bench.report().items()}
    assert codes == {
        "alice": "applied",
        "ALICE@corp.example": "not_applied",
        "CORP\\bob": "applied",
        "carol@contoso.com": "applied",
        "Administrator": "PROTECTED_ACCOUNT",
        "a*b": "INVALID_IDENTITY",
    }


def unreachable(bench: Bench, *ports: int) -> list[str]:
    """The options of domain controllers that do not answer."""
    (bench.folder / "secret").write_text("S3cret-of-svc")
    servers = [option for port in ports for option in ("--server", f"ldaps://127.0.0.1:{port}")]
    return [*servers, "--bind-user", "svc@corp.example", "--bind-password-file", "secret"]


def test_a_journal_of_another_directory_is_refused(bench: Bench) -> None:
    assert bench.run().returncode == 0
    before = bench.contents()
    bench.directory = unreachable(bench, 1)
    refused = bench.run()
    assert (refused.returncode, "was begun with other --server options: mock" in refused.stderr) == (2, True)
    assert before.items() <= bench.contents().items()


def test_servers_may_come_and_go_as_long_as_one_stays(bench: Bench) -> None:
    for ports, code in [((1, 2), 1), ((2, 1), 1), ((2,), 1), ((2, 3), 1), ((3, 4), 1), ((5, 6), 2)]:
        bench.directory = unreachable(bench, *ports)
        assert bench.run().returncode == code, ports


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
    bench.directory = unreachable(bench, 1)
    done = bench.run()
    assert done.returncode == 1
    assert "stopped early: UNREACHABLE" in done.stderr
    outcomes = Counter(row["code"] or row["outcome"] for row in bench.report().values())
    assert outcomes == {"UNREACHABLE": 1, "not_begun": len(ACCOUNTS) - 1}
    assert "S3cret-of-svc" not in done.stdout + done.stderr


def test_a_wrong_bind_password_costs_one_logon(bench: Bench) -> None:
    with FakeDc() as dc:
        (bench.folder / "secret").write_text("Wrong-Marker-1")
        bench.directory = [
            "--server", dc.ready["url"], "--ca-file", dc.ready["ca_file"],
            "--bind-user", dc.ready["bind_user"], "--bind-password-file", "secret",
        ]  # fmt: skip
        # The first says nothing of the logon: it cannot be read.
        bench.give("account\na*b\n" + "".join(f"{name}\n" for name in ACCOUNTS))
        done = bench.run("--concurrency", "8")
        assert "stopped early: BIND_FAILED" in done.stderr
        assert dc.ask({"seen": {}})["binds"] == 1
    assert Counter(row["outcome"] for row in bench.report().values())["not_begun"] == len(ACCOUNTS) - 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name\nalice\n", "line 1 "),
        ("account\nalice\nALICE\n", "line 3 "),
        ("account\n \n", "line 2 "),
        ("account\nalice\n\xff", "line 3 "),
        ("", "line 1 "),
        ('account,password\nalice,x\nbob,"S3cret-2\n', "line 3 "),
        ('account,password\nalice,"S3cret"-1\n', "line 2 "),
        ("account,password\nalice,S3cret,1\n", "line 2 "),
        ("account,password,Password\nalice,a,S3cret\n", "line 1 "),
    ],
)
def test_an_input_at_fault_sends_nothing(bench: Bench, text: str, told: str) -> None:
    (bench.folder / "in.csv").write_bytes(text.encode("latin-1"))
    done = bench.run()
    assert done.returncode == 2
    assert told in done.stderr
    assert "S3cret" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not bench.sent()


@pytest.mark.parametrize("line", [1, 2, 3, 4, 6, 7])
def test_a_full_disk_stops_it_and_loses_nothing(bench: Bench, line: int) -> None:
    full = bench.run("--concurrency", "1", when=f"full:{line}")
    # The first line is the journal's, before the work begins.
    assert full.returncode == (2 if line == 1 else 3), full.stderr
    assert "No space left" in full.stderr
    assert ("accounts have their new password" in full.stderr) == (line > 1)
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


def test_on_a_real_one_a_no_counts_only_of_all_servers(dc: SambaDc, real: Bench) -> None:
    """One that does not answer may be the one that the password was sent to."""
    alone, away = real.directory, "ldaps://127.0.0.1:1"
    real.directory = [*alone, "--server", away]
    killed = real.run("--concurrency", "1", when="before:3")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    pending = f"{real.names[2]}@{dc.ready['dns_domain']}"
    assert real.run().returncode == 1
    assert Counter(real.outcomes().values()) == {"applied": 7, "unknown": 1}
    assert real.outcomes()[pending] == "unknown"
    real.directory = alone
    assert real.run("--retry").returncode == 1
    assert (real.outcomes()[pending], away in real.report()[pending]["message"]) == ("unknown", True)
    assert max(Counter(line["account"] for line in real.sent()).values()) == 1


def test_on_a_real_one_a_yes_suffices(dc: SambaDc, real: Bench) -> None:
    real.directory = ["--server", "ldaps://127.0.0.1:1", *real.directory]
    killed = real.run("--concurrency", "1", when="after:3")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert real.run().returncode == 0
    assert real.report()[f"{real.names[2]}@{dc.ready['dns_domain']}"]["settled_by"] == "bind"
    assert_true_on(dc, real)

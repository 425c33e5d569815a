"""Audit events, to a callback and to logging."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import time
import weakref
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import NEW, OLD, run_python
from password_writeback import (
    AuditEvent,
    CallerError,
    Fault,
    MockDirectory,
    WritebackError,
    _audit,
    _native,
    _options,
)


def test_every_operation_is_told_twice(directory: MockDirectory, events: list[AuditEvent]) -> None:
    receipt = directory.reset_password("alice", NEW, correlation_id="c-9", actor="bob")
    start, finish = events
    assert (start.phase, start.operation, start.identity, start.actor) == ("start", "reset_password", "alice", "bob")
    assert (start.correlation_id, finish.correlation_id) == ("c-9", "c-9")
    assert (start.outcome, finish.outcome, finish.code) == (None, "applied", None)
    assert finish.target == receipt.account.object_guid
    assert finish.domain_controller == "dc1.corp.example"
    assert (start.microsoft_event, finish.microsoft_event) == (31001, 31002)
    assert start.time == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert AuditEvent.from_json(start.to_json()) == start
    events.clear()
    with pytest.raises(WritebackError):
        directory.reset_password("alice", "x")
    assert (events[1].code, events[1].outcome) == ("POLICY_VIOLATION", "not_applied")
    assert (events[1].microsoft_event, events[1].microsoft_cause) == (31003, "33008")


def test_who_asks_is_told_also_where_the_directory_says_so(events: list[AuditEvent]) -> None:
    with MockDirectory(initiator="administrator", audit=events.append) as directory:
        directory.add_user("alice", password=OLD)
        directory.reset_password("alice", NEW)
        directory.find_account("alice", initiator="self_service")
    told = [event.initiator for event in events]
    assert told == ["administrator", "administrator", "self_service", "self_service"]
    # An administrator's reset.
    assert events[0].microsoft_event == 31009


def test_logging_takes_them_too(directory: MockDirectory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "password_writeback.audit")
    directory.find_account("alice")
    records = [record for record in caplog.records if record.name == "password_writeback.audit"]
    assert [record.audit_event.phase for record in records] == ["start", "finish"]  # type: ignore[attr-defined]
    assert "find_account of 'alice'" in caplog.text


def test_no_name_makes_a_line_of_its_own(directory: MockDirectory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "password_writeback.audit")
    forged = "x\nfinish reset_password of ceo [1]: ok (applied)"
    with pytest.raises(WritebackError):
        directory.find_account(forged, correlation_id=forged)
    assert len(caplog.messages) == 2
    assert not any("\n" in message for message in caplog.messages)


def test_a_closed_directory_lets_go_of_its_callback() -> None:
    class Portal:
        def __init__(self) -> None:
            self.directory = MockDirectory(audit=self.heard)

        def heard(self, event: AuditEvent) -> None:
            del event

    portal = Portal()
    portal.directory.find_account("Administrator")
    portal.directory.close()
    kept = weakref.ref(portal)
    del portal
    deadline = time.monotonic() + 20
    while kept() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.05)
    assert kept() is None


class Holder:
    """Holds the directory whose callback it is."""

    def __init__(self, heard: list[str]) -> None:
        self.name = "holder"
        self.heard = heard
        self.directory = MockDirectory(audit=self.hear)

    def hear(self, event: AuditEvent) -> None:
        self.heard.append(f"{self.name} {event.phase} {event.code}")


def test_a_directory_that_is_forgotten_goes_with_its_callback() -> None:
    holder = Holder([])
    holder.directory.find_account("Administrator")
    kept = weakref.ref(holder)
    del holder
    gc.collect()
    assert kept() is None


def test_but_not_before_its_calls_have_ended() -> None:
    heard: list[str] = []
    done = threading.Event()
    holder = Holder(heard)
    holder.directory.fail_next(Fault.slow("find", 1.5))
    call = _native.Call()
    options = _options.request(identity="Administrator")
    holder.directory._native.start("find_account", options, [], lambda *_: done.set(), call)
    kept = weakref.ref(holder)
    del holder
    while not done.wait(0.1):
        gc.collect()
    assert heard == ["holder start None", "holder finish None"]
    gc.collect()
    assert kept() is None


def test_nothing_is_done_unrecorded(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: AuditEvent) -> None:
        raise OSError("the disk is full")

    with MockDirectory(audit=broken) as directory:
        directory.add_user("alice", password=OLD)
        with pytest.raises(CallerError, match="audit") as caught:
            directory.reset_password("alice", NEW)
        assert (caught.value.code, caught.value.outcome, directory.writes) == ("CONFIGURATION", "not_applied", 0)
    assert "the audit callback failed" in caplog.text
    with MockDirectory(audit=broken, on_sink_failure="continue") as directory:
        directory.add_user("alice", password=OLD)
        directory.reset_password("alice", NEW)
        assert directory.writes == 1


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_a_callback_that_raises_the_worst_stops_nothing_else(
    fatal: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: AuditEvent) -> None:
        if event.phase == "finish":
            raise fatal("S3cret-Marker")

    with MockDirectory(audit=broken) as directory:
        directory.add_user("alice", password=OLD)
        # What is done is done: the write is told as it went.
        assert directory.reset_password("alice", NEW).operation == "reset_password"
        assert directory.find_account("alice").sam_account_name == "alice"
    assert "the audit callback failed" in caplog.text


HANGING = """
import os, queue, signal, threading, time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from password_writeback import MockDirectory, WritebackError, _audit
_audit.Recorder.patience = timedelta(seconds=2)
events, release = [], threading.Event()
def audit(event):
    events.append(event.phase)
    {audit}
directory = MockDirectory(audit=audit)
directory.add_user("alice", password="Old-Passw0rd-1")
def reset(_=0):
    try:
        directory.reset_password("alice", "New-Passw0rd-2")
        return directory.writes
    except WritebackError as error:
        return f"{{directory.writes}} {{error.code}} {{error.outcome}} {{error.message.split(': ')[-1]}}"
def back():
    for _ in range(1000):
        if reset() == 1:
            return "it is back"
        time.sleep(0.02)
{then}
"""
REFUSED = "0 CONFIGURATION not_applied the audit callback did not answer within 2 s"


def hanging(audit: str, then: str) -> list[str]:
    return run_python(HANGING.format(audit=audit, then=then)).splitlines()


def test_a_callback_that_does_not_come_back_is_given_up() -> None:
    assert hanging("release.wait()", "print(reset())") == [REFUSED]


def test_one_that_waits_for_its_caller_is_given_up() -> None:
    then = """
lock = threading.Lock()
with lock:
    print(reset())
print(back())
"""
    assert hanging("with lock: pass", then) == [REFUSED, "it is back"]


def test_one_that_hangs_at_the_end_does_not_hide_what_was_done() -> None:
    assert hanging("event.phase == 'finish' and release.wait()", "print(reset())") == ["1"]


def test_one_that_hangs_again_and_again_is_not_called_any_more() -> None:
    then = """
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(reset, range(8)), sep="\\n")
began, called = time.monotonic(), len(events)
print(reset())
print(time.monotonic() - began < 1.5, len(events) == called)
release.set()
print(back())
"""
    not_called = "0 CONFIGURATION not_applied 8 calls of it hang"
    assert hanging("release.wait()", then) == [*[REFUSED] * 8, not_called, "True True", "it is back"]


def test_ctrl_c_and_the_end_do_not_wait_for_it_for_ever() -> None:
    then = """
def interrupt():
    while not events:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    reset()
except KeyboardInterrupt:
    print("interrupted", directory.writes)
"""
    # A queue that is full, and what is always on its way back into the interpreter.
    for audit in ("full.put(1)", "while True: time.sleep(0.001)"):
        assert hanging(audit, "full = queue.Queue(1); full.put(1)" + then) == ["interrupted 0"]


def test_the_end_does_not_wait_for_a_call_whose_callback_hangs() -> None:
    then = """
threading.Thread(target=reset, daemon=True).start()
while not events:
    time.sleep(0.01)
print("the end")
"""
    assert hanging("while True: time.sleep(0.001)", then)[0] == "the end"


def test_the_patience_is_what_the_documentation_says() -> None:
    assert _audit.Recorder.patience == timedelta(seconds=30)


def test_a_callback_may_call_its_own_directory() -> None:
    seen: list[str] = []

    def audit(event: AuditEvent) -> None:
        if event.operation == "reset_password":
            seen.append(f"{event.phase} {directory.find_account('alice').sam_account_name}")

    with MockDirectory(audit=audit) as directory:
        directory.add_user("alice", password=OLD)
        directory.reset_password("alice", NEW)
    assert seen == ["start alice", "finish alice"]


def test_a_file_takes_them(tmp_path: Path) -> None:
    place = tmp_path / "audit.jsonl"
    with MockDirectory(audit_file=place, initiator="administrator") as directory:
        directory.add_user("alice", password=OLD)
        directory.reset_password("alice", NEW)
        start, finish = (json.loads(line) for line in place.read_text().splitlines())
        assert (start["phase"], finish["phase"], finish["outcome"]) == ("start", "finish", "applied")
        assert (start["initiator"], finish["microsoft_event"]) == ("administrator", 31010)
        place.rename(tmp_path / "audit.1")
        directory.find_account("alice")
        assert [AuditEvent.from_json(line).phase for line in place.read_text().splitlines()] == ["start", "finish"]


def test_a_file_that_cannot_be_written_closes_the_door(tmp_path: Path, events: list[AuditEvent]) -> None:
    with pytest.raises(CallerError, match="audit_file"):
        MockDirectory(audit_file=tmp_path / "nowhere" / "audit.jsonl")
    place = tmp_path / "there"
    place.mkdir()
    with MockDirectory(audit_file=place / "audit.jsonl", audit=events.append) as directory:
        directory.add_user("alice", password=OLD)
        (place / "audit.jsonl").unlink()
        place.rmdir()
        with pytest.raises(CallerError, match="audit"):
            directory.reset_password("alice", NEW)
        assert directory.writes == 0
    assert [(event.phase, event.code) for event in events] == [("start", None), ("finish", "CONFIGURATION")]


def test_an_event_that_a_file_loses_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "audit.jsonl"
    with MockDirectory(audit_file=place, on_sink_failure="continue") as directory:
        directory.add_user("alice", password=OLD)
        place.unlink()
        place.mkdir()
        directory.reset_password("alice", NEW, correlation_id="c-7")
        assert directory.writes == 1
    lost = [record.getMessage() for record in caplog.records if "audit event was lost" in record.getMessage()]
    assert [text.split(": ")[1] for text in lost] == [
        "start of reset_password ['c-7']",
        "finish of reset_password ['c-7']",
    ]


def test_what_cannot_be_called_is_refused() -> None:
    async def coroutine(event: AuditEvent) -> None:
        del event

    with pytest.raises(TypeError, match="ordinary function"):
        MockDirectory(audit=coroutine)
    with pytest.raises(TypeError, match="callable"):
        MockDirectory(audit="file")  # type: ignore[arg-type]

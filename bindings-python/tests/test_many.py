"""Many resets at once: when they begin, what they give, and what is left when they are left."""

from __future__ import annotations

import contextlib
import copy
import gc
import inspect
import logging
import pickle
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import NEW, OLD, run_python
from password_writeback import (
    AsyncMockDirectory,
    AuditEvent,
    CallerError,
    Fault,
    Identity,
    MockDirectory,
    Receipt,
    ResetRequest,
    ResetResult,
    WritebackError,
    _native,
)


@pytest.fixture
def many(events: list[AuditEvent]) -> Iterator[MockDirectory]:
    """A mock directory with thirty users."""
    with MockDirectory(audit=events.append) as directory:
        add_users(directory)
        yield directory


def add_users(directory: MockDirectory | AsyncMockDirectory, count: int = 30) -> None:
    for number in range(count):
        directory.add_user(f"user{number}", password=OLD)


def request(number: int, **options: Any) -> ResetRequest:
    return ResetRequest(f"user{number}", bytearray(NEW, "utf-8"), correlation_id=f"c{number}", **options)


def errors(results: list[ResetResult]) -> list[WritebackError]:
    return [result.error for result in results if result.error is not None]


class Watch:
    """How many resets are under way, by the events of the audit."""

    def __init__(self) -> None:
        self.now = self.most = self.begun = 0
        self._lock = threading.Lock()

    def __call__(self, event: AuditEvent) -> None:
        with self._lock:
            self.now += 1 if event.phase == "start" else -1
            self.begun += event.phase == "start"
            self.most = max(self.most, self.now)


def test_each_request_has_one_result_and_no_error_ends_the_others(many: MockDirectory) -> None:
    for number in range(0, 30, 7):
        many.remove_user(f"user{number}")
    results = list(many.reset_many(map(request, range(30))))
    assert sorted(result.index for result in results) == list(range(30))
    for result in results:
        assert (result.identity, result.correlation_id) == (f"user{result.index}", f"c{result.index}")
        if result.index % 7:
            assert result.error is None
            assert result.receipt is not None
            assert result.receipt.correlation_id == result.correlation_id
            assert many.verify_password(f"user{result.index}", NEW)
        else:
            assert result.receipt is None
            assert result.error is not None
            assert result.error.code == "ACCOUNT_NOT_FOUND"
    assert many.writes == 25


def test_a_request_takes_what_a_reset_takes(many: MockDirectory, events: list[AuditEvent]) -> None:
    asked = ResetRequest(
        Identity.sam("user1"),
        NEW,
        unlock="if_permitted",
        require_change=True,
        history="off",
        initiator="administrator",
        actor=Identity.sam("helpdesk"),
        deadline=9,
    )
    (result,) = many.reset_many([asked])
    assert result.receipt is not None
    assert (result.receipt.must_change_password, result.receipt.history) == (True, "not_enforced")
    assert (events[0].initiator, events[0].actor) == ("administrator", "helpdesk")
    # One that was given no correlation id has the one that the audit has.
    assert result.correlation_id == result.receipt.correlation_id == events[0].correlation_id
    assert result.identity == asked.identity == Identity.sam("user1")
    assert asked.correlation_id is None
    taken = list(inspect.signature(MockDirectory.reset_password).parameters)
    assert ["self", *inspect.signature(ResetRequest).parameters] == taken


def test_nothing_asked_is_nothing_done(many: MockDirectory, events: list[AuditEvent]) -> None:
    taken: list[int] = []
    assert list(many.reset_many([])) == []
    results = many.reset_many(taken.append(number) or request(number) for number in range(3))  # type: ignore[func-returns-value]
    time.sleep(0.1)
    results.close()
    assert (taken, events, many.writes) == ([], [], 0)


def test_no_more_are_under_way_than_asked_for_and_none_is_taken_early() -> None:
    watch, taken = Watch(), 0

    def requests() -> Iterator[ResetRequest]:
        nonlocal taken
        for number in range(30):
            taken += 1
            # The first one is alone until it has ended.
            assert number != 1 or (watch.now, watch.begun) == (0, 1)
            yield request(number)

    with MockDirectory(audit=watch) as directory:
        add_users(directory)
        directory.fail_always(Fault.slow("find", 0.3))
        results = directory.reset_many(requests(), concurrency=5)
        for given in range(1, 11):
            assert next(results).error is None
            # Nobody asks for more: nothing is taken.
            time.sleep(0.1)
            assert taken <= given + 5
        assert len(list(results)) == 20
        assert (watch.most, watch.begun) == (5, 30)


def test_results_that_are_there_are_given_before_another_is_taken(
    many: MockDirectory, events: list[AuditEvent]
) -> None:
    taken: list[int] = []

    def requests() -> Iterator[ResetRequest]:
        for number in range(30):
            taken.append(number)
            yield request(number)

    results = many.reset_many(requests(), concurrency=3)
    next(results)
    # The next three are all under way before the first of them ends.
    many.fail_times(3, Fault.slow("find", 0.5))
    next(results)
    deadline = time.monotonic() + 20
    while finished(events)[0] < 4 or len(events) < 8:
        assert time.monotonic() < deadline, "four begin, and end"
        time.sleep(0.01)
    # From the end of a reset to its result it is not far.
    time.sleep(2)
    next(results)
    next(results)
    assert taken == [0, 1, 2, 3]
    assert next(results).index in (4, 5, 6)


def test_eight_at_once_where_nothing_is_said() -> None:
    watch = Watch()
    assert _native.DEFAULT_CONCURRENCY == 8
    with MockDirectory(audit=watch) as directory:
        add_users(directory)
        directory.fail_always(Fault.slow("find", 1))
        assert len(list(directory.reset_many(map(request, range(20))))) == 20
        assert watch.most == 8


@pytest.mark.parametrize("concurrency", [0, 1])
def test_one_after_the_other(concurrency: int) -> None:
    watch = Watch()
    with MockDirectory(audit=watch) as directory:
        add_users(directory)
        results = list(directory.reset_many(map(request, range(10)), concurrency=concurrency))
    assert [result.index for result in results] == list(range(10))
    assert watch.most == 1


def test_results_come_as_they_finish(many: MockDirectory) -> None:
    results = many.reset_many(map(request, range(20)), concurrency=2)
    assert next(results).index == 0
    many.fail_next(Fault.slow("find", 5))
    rest = [result.index for result in results]
    assert sorted(rest) == list(range(1, 20))
    assert rest[-1] in (1, 2), "the slow one holds nobody up"


def test_a_refused_logon_is_never_hammered(many: MockDirectory, events: list[AuditEvent]) -> None:
    many.fail_times(3, Fault.bind_failed("wrong_credentials"))
    requests = [request(number) for number in range(30)]
    results = list(many.reset_many(requests))
    assert (len(results), many.pending_faults, many.writes) == (30, 1, 0)
    assert len([event for event in events if event.phase == "start"]) == 1
    for result in results:
        assert result.error is not None
        assert (result.error.code, result.error.outcome) == ("BIND_FAILED", "not_applied")
        assert result.error.reason == "wrong_credentials"
        assert ("not attempted" in result.error.message) == (result.index != 0)
        assert (result.identity, result.correlation_id) == (f"user{result.index}", f"c{result.index}")
    assert [result.index for result in results] == list(range(30))
    many.clear_faults()
    # They have been taken: their passwords are gone.
    assert {error.code for error in errors(list(many.reset_many(requests)))} == {"CONFIGURATION"}


def test_a_logon_that_is_refused_on_the_way_stops_what_follows(many: MockDirectory) -> None:
    results = many.reset_many(map(request, range(30)), concurrency=1)
    assert not errors([next(results) for _ in range(10)])
    many.fail_times(20, Fault.bind_failed("locked_out"))
    rest = errors(list(results))
    assert {error.reason for error in rest} == {"locked_out"}
    assert ["not attempted" in error.message for error in rest] == [False] + [True] * 19
    assert many.writes == 10


def test_a_request_that_cannot_begin_is_answered(many: MockDirectory, events: list[AuditEvent]) -> None:
    wrong: list[tuple[ResetRequest, str, str | None]] = [
        (ResetRequest("user1", NEW + "\ud800"), "INVALID_PASSWORD", "not_unicode"),
        (ResetRequest("user1", bytearray(b"\xff\xfe")), "INVALID_PASSWORD", "not_unicode"),
        (ResetRequest("us\ud800er1", NEW), "INVALID_IDENTITY", "not_unicode"),
        (ResetRequest("user1", NEW, history="always"), "CONFIGURATION", None),  # type: ignore[arg-type]
        (ResetRequest("user1", NEW, deadline=float("nan")), "CONFIGURATION", None),
        (ResetRequest(None, NEW), "INVALID_IDENTITY", None),  # type: ignore[arg-type]
    ]
    results = list(many.reset_many([*(one for one, _, _ in wrong), request(2)]))
    assert [result.index for result in results] == list(range(7))
    for result, (_, code, reason) in zip(results, wrong, strict=False):
        assert result.error is not None
        assert (result.error.code, result.error.reason, result.error.outcome) == (code, reason, "not_applied")
        assert (result.receipt, result.error.__traceback__, result.error.__context__) == (None, None, None)
    assert results[-1].receipt is not None
    assert len(events) == 2


def test_what_never_began_proves_no_logon() -> None:
    watch = Watch()
    with MockDirectory(audit=watch) as directory:
        add_users(directory)
        directory.fail_always(Fault.slow("open", 0.3))
        directory.fail_times(5, Fault.bind_failed("wrong_credentials"))
        wrong = ResetRequest("user0", NEW + "\ud800")
        results = list(directory.reset_many([wrong, *map(request, range(10))]))
        assert len(results) == 11
        assert watch.begun == 1


def test_a_request_is_used_once(many: MockDirectory) -> None:
    asked = request(1)
    first, second = many.reset_many([asked, asked], concurrency=1)
    assert first.receipt is not None
    assert second.error is not None
    assert (second.error.code, many.writes) == ("CONFIGURATION", 1)


def test_wrong_uses_are_told_at_once(many: MockDirectory) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        many.reset_many(5)  # type: ignore[arg-type]
    with pytest.raises(CallerError, match="concurrency") as caught:
        many.reset_many([], concurrency=-1)
    assert caught.value.code == "CONFIGURATION"
    with pytest.raises(TypeError):
        many.reset_many([], concurrency="8")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str or bytearray, not int"):
        ResetRequest("user1", 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not understood"):
        ResetRequest("user1", NEW, unlock=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unlok"):
        ResetRequest("user1", NEW, unlok=True)  # type: ignore[call-arg]


def broken(error: BaseException) -> Iterator[ResetRequest]:
    yield from map(request, range(4))
    raise error


def not_all_requests() -> Iterator[Any]:
    yield from map(request, range(4))
    yield ("user5", NEW)


@pytest.mark.parametrize(
    ("requests", "expected"), [(broken(ZeroDivisionError("x")), ZeroDivisionError), (not_all_requests(), TypeError)]
)
def test_an_error_among_the_requests_loses_no_result(
    many: MockDirectory, events: list[AuditEvent], requests: Iterator[ResetRequest], expected: type[Exception]
) -> None:
    results = many.reset_many(requests)
    told = [next(results)]
    # Of the three that are under way, one is sent and two are not.
    many.fail_next(Fault.slow("write", 1))
    many.fail_times(2, Fault.hang("find"))
    with pytest.raises(expected) as caught:
        told.extend(results)
    assert sorted(result.index for result in told) == [0, 1, 2, 3]
    outcomes = [error.code for error in errors(told)]
    assert outcomes.count("CANCELLED") == len(outcomes) >= 2
    assert many.writes == 4 - len(outcomes)
    assert len(events) == 8
    assert NEW not in repr(caught.value)
    assert next(results, None) is None


def test_an_error_on_the_way_loses_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> bool:
        raise ZeroDivisionError

    def requests() -> Iterator[ResetRequest]:
        yield from map(request, range(3))
        # What the library asks of logging when the next one begins.
        monkeypatch.setattr(logging.getLogger("password_writeback.audit"), "isEnabledFor", broken)
        yield request(3)

    with MockDirectory() as directory:
        add_users(directory)
        results = directory.reset_many(requests())
        told = [next(results)]
        directory.fail_times(2, Fault.hang("find"))
        with pytest.raises(ZeroDivisionError):
            told.extend(results)
    assert [error.code for error in errors(told)] == ["CANCELLED"] * 2
    assert sorted(result.index for result in told) == [0, 1, 2]


def test_an_interrupt_among_the_requests_is_not_held_back(many: MockDirectory, events: list[AuditEvent]) -> None:
    results = many.reset_many(broken(KeyboardInterrupt()))
    next(results)
    many.fail_always(Fault.hang("find"))
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert time.monotonic() - began < 20
    assert [event.code for event in events if event.phase == "finish"] == [None] + ["CANCELLED"] * 3


def finished(events: list[AuditEvent]) -> tuple[int, int, int]:
    """How many have been told to have begun, to have been cancelled, and to have been applied."""
    ends = [event for event in events if event.phase == "finish"]
    cancelled = [event for event in ends if event.code == "CANCELLED"]
    return len(events) - len(ends), len(cancelled), len([event for event in ends if event.outcome == "applied"])


def struck(directory: MockDirectory) -> None:
    """Waits until every fault has struck."""
    deadline = time.monotonic() + 20
    while directory.pending_faults and time.monotonic() < deadline:
        time.sleep(0.01)
    assert directory.pending_faults == 0


@pytest.mark.parametrize("leave", ["close", "drop", "break", "exception", "interrupt"])
def test_leaving_cancels_what_is_not_sent_and_waits_for_the_rest(
    many: MockDirectory, events: list[AuditEvent], leave: str
) -> None:
    taken: list[int] = []

    def requests() -> Iterator[ResetRequest]:
        for number in range(30):
            taken.append(number)
            yield request(number)

    def arm() -> None:
        # Of the next five, two hang before the write, two are sent and slow to be answered, and one gives a result.
        many.fail_times(2, Fault.hang("find"))
        many.fail_times(2, Fault.slow("write", 1.5))

    if leave in ("close", "drop"):
        results = many.reset_many(requests(), concurrency=5)
        next(results)
        arm()
        next(results)
        struck(many)
        if leave == "close":
            results.close()
            assert next(results, None) is None
        else:
            del results
    else:
        with contextlib.suppress(ZeroDivisionError, KeyboardInterrupt):
            for result in many.reset_many(requests(), concurrency=5):
                if result.index == 0:
                    arm()
                    continue
                struck(many)
                if leave == "break":
                    break
                raise ZeroDivisionError if leave == "exception" else KeyboardInterrupt
    assert finished(events) == (6, 2, 4)
    assert (many.writes, taken) == (4, [0, 1, 2, 3, 4, 5])


def test_a_write_that_nothing_answers_is_left_within_its_deadline(events: list[AuditEvent]) -> None:
    with MockDirectory(audit=events.append, grace=0.2) as directory:
        add_users(directory)
        results = directory.reset_many((request(number, deadline=6) for number in range(3)), concurrency=3)
        next(results)
        directory.fail_next(Fault.hang("write"))
        next(results)
        struck(directory)
        began = time.monotonic()
        results.close()
        assert time.monotonic() - began < 20
        assert finished(events)[0] == len([event for event in events if event.phase == "finish"]) == 3


def test_a_directory_that_is_closed_begins_no_more(many: MockDirectory) -> None:
    results = many.reset_many(map(request, range(10)), concurrency=3)
    next(results)
    many.fail_times(2, Fault.slow("write", 0.6))
    next(results)
    many.close()
    rest = list(results)
    assert len(rest) == 8
    refused = errors(rest)
    assert len(refused) == 6
    assert {(error.code, error.outcome) for error in refused} == {("CONFIGURATION", "not_applied")}
    assert all("closed" in error.message for error in refused)
    (late,) = many.reset_many([request(1)])
    assert late.error is not None


def test_threads_share_a_directory() -> None:
    watch, told = Watch(), list[ResetResult]()
    with MockDirectory(audit=watch) as directory:
        add_users(directory, 60)

        def some(first: int) -> None:
            told.extend(directory.reset_many(map(request, range(first, first + 20)), concurrency=3))

        threads = [threading.Thread(target=some, args=(first,)) for first in (0, 20, 40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == directory.writes == 60
        assert watch.most <= 9


def test_results_are_values(many: MockDirectory) -> None:
    done, failed = many.reset_many([request(1), ResetRequest("nobody", NEW)], concurrency=1)
    assert pickle.loads(pickle.dumps(done)) == copy.deepcopy(done) == done
    assert len({done, copy.copy(done)}) == 1
    again = pickle.loads(pickle.dumps(failed))
    assert (again.index, again.identity, again.receipt) == (1, "nobody", None)
    assert again.error.to_json() == failed.error.to_json() if failed.error else None
    assert repr(done).startswith("ResetResult(index=0, identity='user1', correlation_id='c1', receipt=Receipt(")
    assert isinstance(done.receipt, Receipt)
    with pytest.raises(AttributeError):
        done.index = 5  # type: ignore[misc]


def test_a_request_is_no_value() -> None:
    asked = request(1)
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="Secret"):
            copied(asked)
    with pytest.raises(AttributeError):
        asked.identity = "bob"  # type: ignore[misc]
    assert repr(asked) == "ResetRequest('user1', correlation_id='c1')"


def test_thousands_leave_nothing_behind() -> None:
    with MockDirectory(history="off") as directory:
        add_users(directory, 10)

        def some(count: int) -> None:
            for result in directory.reset_many(request(number % 10) for number in range(count)):
                assert result.error is None

        some(100)
        gc.collect()
        before = len(gc.get_objects())
        some(1000)
        gc.collect()
        assert len(gc.get_objects()) - before < 200


# In a Python of its own

USERS = """
import os, signal, sys, threading, time
from password_writeback import Fault, MockDirectory, ResetRequest, WritebackError
events = []
directory = MockDirectory(audit=events.append, grace=0.2, history="off")
for number in range(30):
    directory.add_user(f"user{number}", password="Old-Passw0rd-1")
def requests(count=30):
    return (ResetRequest(f"user{number}", "New-Passw0rd-2") for number in range(count))
def tell():
    ends = [event for event in events if event.phase == "finish"]
    codes = [event.code for event in ends]
    print(len(events) - len(ends), codes.count("CANCELLED"), codes.count(None), directory.writes, flush=True)
"""

INTERRUPTED = (
    USERS
    + """
def interrupt():
    while len(events) < 7 or directory.pending_faults:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    if TWICE:
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    for result in directory.reset_many(requests(), concurrency=5):
        directory.fail_times(2, Fault.slow("write", 4))
        directory.fail_times(3, Fault.hang("find"))
    print("no interrupt")
except KeyboardInterrupt:
    tell()
"""
)


@pytest.mark.parametrize("twice", [False, True])
def test_ctrl_c_cancels_what_is_not_sent_and_waits_for_the_rest(twice: bool) -> None:
    assert run_python(f"TWICE = {twice}\n" + INTERRUPTED).split() == ["6", "3", "3", "3"]


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "ZeroDivisionError"])
def test_an_interrupt_at_any_moment_leaves_nothing_under_way(raised: str) -> None:
    program = (
        USERS
        + """
import random
def interrupt(*_):
    raise RAISED
signal.signal(signal.SIGALRM, interrupt)
random.seed(7)
for turn in range(60):
    events.clear()
    try:
        try:
            told = 0
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.02))
            for result in directory.reset_many(requests(20)):
                told += 1
            time.sleep(5)
        finally:
            now = [event.phase for event in events]
        print("no interrupt")
    except RAISED:
        assert now.count("start") == now.count("finish"), (turn, told, now)
        assert told <= now.count("start") <= told + 8, (turn, told, now)
print("done")
"""
    )
    assert run_python(f"RAISED = {raised}\n" + program, timeout=120) == "done\n"


def test_a_forked_child_is_told_whose_results_they_are() -> None:
    program = (
        USERS
        + """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
results = directory.reset_many(requests(6), concurrency=3)
next(results)
directory.fail_times(2, Fault.slow("find", 3))
next(results)
child = os.fork()
if child == 0:
    try:
        next(results)
    except WritebackError as error:
        print("child", error.code, "forked" in error.message, flush=True)
    results.close()
    os._exit(0)
began = time.monotonic()
while os.waitpid(child, os.WNOHANG) == (0, 0):
    assert time.monotonic() - began < 20, "the child hangs"
    time.sleep(0.02)
print("parent", sum(result.error is None for result in results))
if os.fork() == 0:
    # Nothing is under way: the child uses what it inherits.
    print("child", len(list(directory.reset_many(requests(5)))), flush=True)
    os._exit(0)
os.wait()
"""
    )
    assert run_python(program).splitlines() == ["child CONFIGURATION True", "parent 4", "child 5"]


def test_the_interpreter_ends_while_results_are_held() -> None:
    program = (
        USERS
        + """
import atexit
atexit.register(tell)
from password_writeback import _native
atexit.register(_native.shut_down)
results = directory.reset_many(requests(), concurrency=4)
next(results)
directory.fail_times(2, Fault.hang("find"))
directory.fail_next(Fault.slow("write", 1))
next(results)
while directory.pending_faults:
    time.sleep(0.01)
"""
    )
    assert run_python(program, timeout=20).split() == ["5", "2", "3", "3"]

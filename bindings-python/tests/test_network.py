"""Over TLS to a fake domain controller: the service account's password, cancelling, and what is left in memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import interrupt_when, run_python
from kit.program import FakeDc, program
from password_writeback import (
    ActiveDirectory,
    AsyncActiveDirectory,
    AuditEvent,
    DirectoryError,
    OutcomeError,
    ServiceAccountError,
    WritebackError,
)

NEW = "New-Pa55word-7"
SECRET = "Svc-Marker-31c"


@pytest.fixture
def dc() -> Iterator[FakeDc]:
    """A fake domain controller."""
    with FakeDc() as dc:
        yield dc


def test_it_writes(dc: FakeDc) -> None:
    new = bytearray(NEW, "utf-8")
    with ActiveDirectory(**dc.settings) as directory:
        receipt = directory.reset_password(dc.ready["user"], new, unlock=True)
    assert receipt.operation == "reset_password"
    assert not any(new)
    assert dc.ask({"seen": {}})["password"] == NEW


def test_the_bind_password_may_be_a_callable(dc: FakeDc) -> None:
    asked: list[bytearray] = []
    settings = dc.settings
    secret = settings.pop("bind_password")

    def provide() -> bytearray:
        asked.append(bytearray(secret, "utf-8"))
        return asked[-1]

    with ActiveDirectory(bind_password=provide, warm_connections=0, **settings) as directory:
        directory.find_account(dc.ready["user"])
        directory.find_account(dc.ready["user"])
    assert len(asked) == 2
    with ActiveDirectory(bind_password=provide, **settings) as directory:
        directory.find_account(dc.ready["user"])
        directory.find_account(dc.ready["user"])
    assert len(asked) == 3, "the logon of the first operation serves the second"
    assert not any(map(any, asked)), "what the callable returned is not wiped"
    with ActiveDirectory(bind_password=secret.encode, **settings) as directory:
        directory.find_account(dc.ready["user"])


def fails() -> str:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    "provide", [fails, lambda: None, lambda: 5, lambda: SECRET + "\ud800", lambda: ""], ids=range(5)
)
def test_a_callable_without_a_password(
    dc: FakeDc, provide: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings = dc.settings | {"bind_password": provide}
    with ActiveDirectory(**settings) as directory, pytest.raises(ServiceAccountError) as caught:
        directory.find_account(dc.ready["user"])
    error = caught.value
    assert (error.code, error.reason, error.outcome) == ("BIND_FAILED", "no_password", "not_applied")
    assert error.__cause__ is None
    assert error.__context__ is None
    assert SECRET not in repr(error) + str(error) + caplog.text
    assert dc.ask({"seen": {}})["binds"] == 0


def test_a_callable_whose_failure_cannot_be_logged(dc: FakeDc, capfd: pytest.CaptureFixture[str]) -> None:
    def full(record: logging.LogRecord) -> bool:
        raise RuntimeError("the disk is full")

    package = logging.getLogger("password_writeback")
    package.addFilter(full)
    try:
        with ActiveDirectory(**dc.settings | {"bind_password": fails}) as directory:
            for _ in range(2):
                with pytest.raises(ServiceAccountError):
                    directory.find_account(dc.ready["user"])
    finally:
        package.removeFilter(full)
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err


def test_a_callable_that_is_slow_does_not_hold_up_others(dc: FakeDc) -> None:
    settings = dc.settings
    secret, hold = settings.pop("bind_password"), threading.Event()

    def provide() -> str:
        hold.wait(60)
        return secret  # type: ignore[no-any-return]

    with ActiveDirectory(bind_password=provide, **settings) as slow:
        began = time.monotonic()
        with pytest.raises(WritebackError) as caught:
            slow.reset_password(dc.ready["user"], NEW, deadline=10)
        assert time.monotonic() - began < 20
        assert (caught.value.kind, caught.value.outcome) == ("service_account", "not_applied")
        # Those that hang take no thread away from the others.
        hanging = [threading.Thread(target=fails_in_time, args=(slow,)) for _ in range(8)]
        for thread in hanging:
            thread.start()
        with ActiveDirectory(bind_password=secret, **settings) as directory:
            assert directory.find_account(dc.ready["user"]).enabled
        hold.set()
        for thread in hanging:
            thread.join()
        assert slow.find_account(dc.ready["user"]).enabled
    assert dc.ask({"seen": {}})["password_writes"] == 0


def runtime_threads() -> int:
    """How many threads there are that Python knows nothing of."""
    return len(os.listdir("/proc/self/task")) - len(sys._current_frames())


def test_a_callable_that_hangs_keeps_no_thread_of_the_runtime(dc: FakeDc) -> None:
    hold = threading.Event()

    def provide() -> str:
        hold.wait()
        return SECRET

    with ActiveDirectory(**dc.settings | {"bind_password": provide}, connect_timeout=1) as directory:
        hanging = [threading.Thread(target=fails_in_time, args=(directory,)) for _ in range(16)]
        for thread in hanging:
            thread.start()
        for thread in hanging:
            thread.join()
    # Those that have nothing to do go after ten seconds.
    deadline = time.monotonic() + 60
    while runtime_threads() > 10 and time.monotonic() < deadline:
        time.sleep(0.2)
    left = runtime_threads()
    hold.set()
    assert left <= 10, f"{left} threads"


ASKED_AT_THE_END = """
import json, sys, time
from password_writeback import ActiveDirectory, WritebackError
def provide():
    while True:
        time.sleep(0.001)
settings = json.loads(sys.stdin.read())
try:
    ActiveDirectory(bind_password=provide, **settings).find_account("alice", deadline=1)
except WritebackError as error:
    print(error.outcome)
"""


def test_the_interpreter_may_end_while_a_callable_is_asked(dc: FakeDc) -> None:
    settings = dc.settings
    del settings["bind_password"]
    assert run_python(ASKED_AT_THE_END, told=json.dumps(settings)) == "not_applied\n"


def fails_in_time(directory: ActiveDirectory) -> None:
    with contextlib.suppress(WritebackError):
        directory.find_account("alice", deadline=30)


def test_a_coroutine_function_is_no_callable(dc: FakeDc) -> None:
    async def provide() -> str:
        return SECRET

    with pytest.raises(TypeError, match="without an event loop"):
        ActiveDirectory(**dc.settings | {"bind_password": provide})


def test_threads_share_a_directory(dc: FakeDc) -> None:
    dc.ask({"slow": {"at": "find", "seconds": 0.3}})
    with ActiveDirectory(**dc.settings) as directory, ThreadPoolExecutor(16) as pool:
        began = time.monotonic()
        found = list(pool.map(lambda _: directory.find_account(dc.ready["user"]).object_guid, range(64)))
        took = time.monotonic() - began
    assert len(set(found)) == 1
    assert took < 0.8 * 64 * 0.3, f"64 calls took {took:.1f} s: they waited for one another"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_uses_the_directory_it_inherits(dc: FakeDc) -> None:
    with ActiveDirectory(**dc.settings) as directory:
        directory.find_account(dc.ready["user"])
        inherited.append(directory)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(_look, [dc.ready["user"]] * 4) == [True] * 4
        assert directory.find_account(dc.ready["user"]).enabled
        inherited.clear()


inherited: list[ActiveDirectory] = []


def _look(user: str) -> bool:
    return inherited[0].find_account(user).enabled


def test_a_wrong_password_is_told(dc: FakeDc) -> None:
    with ActiveDirectory(**dc.settings | {"bind_password": SECRET}) as directory:
        with pytest.raises(ServiceAccountError) as caught:
            directory.find_account("alice")
        assert (caught.value.code, caught.value.reason) == ("BIND_FAILED", "wrong_credentials")


def test_a_deadline_holds(dc: FakeDc) -> None:
    dc.ask({"hang": "find"})
    with ActiveDirectory(**dc.settings) as directory:
        began = time.monotonic()
        with pytest.raises(DirectoryError) as caught:
            directory.find_account("alice", deadline=4)
        assert (caught.value.code, caught.value.outcome) == ("TIMEOUT", "not_applied")
        assert time.monotonic() - began < 20


def test_ctrl_c_before_the_write(dc: FakeDc) -> None:
    dc.ask({"hang": "find"})
    events: list[AuditEvent] = []
    interrupt_when(lambda: bool(dc.ask({"seen": {}})["binds"]))
    began = time.monotonic()
    with ActiveDirectory(**dc.settings, audit=events.append) as directory, pytest.raises(KeyboardInterrupt):
        directory.reset_password("alice", NEW)
    assert time.monotonic() - began < 10
    assert events[-1].code == "CANCELLED"
    assert dc.ask({"seen": {}})["password_writes"] == 0


def test_ctrl_c_after_the_write(dc: FakeDc) -> None:
    dc.ask({"slow": {"at": "write", "seconds": 4}})
    events: list[AuditEvent] = []
    interrupt_when(lambda: bool(dc.ask({"seen": {}})["password_writes"]))
    with ActiveDirectory(**dc.settings, audit=events.append) as directory, pytest.raises(KeyboardInterrupt):
        directory.reset_password("alice", NEW)
    assert (events[-1].phase, events[-1].outcome) == ("finish", "applied")
    assert dc.ask({"seen": {}})["password"] == NEW


async def test_cancelling_after_the_write(dc: FakeDc) -> None:
    dc.ask({"slow": {"at": "write", "seconds": 4}})
    events: list[AuditEvent] = []
    async with AsyncActiveDirectory(**dc.settings, audit=events.append) as directory:
        task = asyncio.create_task(directory.reset_password("alice", NEW))
        while dc.ask({"seen": {}})["password_writes"] == 0:
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (events[-1].phase, events[-1].outcome) == ("finish", "applied")


def test_an_unsettled_write_is_unknown(dc: FakeDc) -> None:
    with ActiveDirectory(**dc.settings, grace=0.3, resolve_by_bind=False) as directory:
        directory.find_account("alice")
        # The write goes over the connection that is there; no other can be had to look what became of it.
        dc.ask({"hang": "connect"})
        dc.ask({"hang": "write"})
        with pytest.raises(OutcomeError) as caught:
            directory.reset_password("alice", NEW, deadline=6)
    assert (caught.value.code, caught.value.outcome) == ("OUTCOME_UNKNOWN", "unknown")


FORKED = """
import json, os, sys
from password_writeback import ActiveDirectory

settings = json.loads(sys.stdin.readline())
user = settings.pop("user")
directory = ActiveDirectory(**settings)
directory.find_account(user)
child = os.fork()
if child == 0:
    print("child", directory.find_account(user).sam_account_name, flush=True)
    directory.close()
    os._exit(0)
os.waitpid(child, 0)
print("parent", directory.find_account(user).sam_account_name, flush=True)
"""


def test_a_child_leaves_the_connections_of_its_parent_alone(dc: FakeDc) -> None:
    settings = json.dumps(dc.settings | {"user": dc.ready["user"]})
    told = subprocess.run(
        [sys.executable, "-c", FORKED], input=settings, capture_output=True, text=True, check=True, timeout=30
    )
    assert told.stdout.splitlines() == ["child alice", "parent alice"]
    assert dc.ask({"seen": {}})["binds"] == 2, "the child logs on anew, and the parent goes on with what it has"


WRITER = """
import asyncio, json, os
from password_writeback import ActiveDirectory, AsyncActiveDirectory, MockDirectory, ResetRequest

def line():
    # Byte by byte: a buffer that Python reads ahead into would keep the password.
    read = bytearray()
    while (byte := os.read(0, 1)) != b"\\n":
        read += byte
    return read

settings = json.loads(line())
kind, keep, user = settings.pop("kind"), settings.pop("keep"), settings.pop("user")
new = bytearray(64)
new[:] = line()
bind_password = line()
kept = bytes(new) if keep else None

async def awaiting():
    async with AsyncActiveDirectory(bind_password=bind_password, **settings) as directory:
        await directory.check_password(user, bytearray(new))
        return await directory.reset_password(user, new)

async def awaiting_many():
    async with AsyncActiveDirectory(bind_password=bind_password, **settings) as directory:
        requests = [ResetRequest("nobody", bytearray(new)), ResetRequest(user, new)]
        results = [result async for result in directory.reset_many(requests)]
        return results[-1].receipt

if kind == "async many":
    receipt = asyncio.run(awaiting_many())
elif kind == "async":
    receipt = asyncio.run(awaiting())
else:
    if kind == "mock":
        directory = MockDirectory()
        directory.add_user(user)
    else:
        directory = ActiveDirectory(bind_password=bind_password, **settings)
    if kind == "many":
        requests = [ResetRequest("nobody", bytearray(new)), ResetRequest(user, new, history="off")]
        receipt = list(directory.reset_many(requests))[-1].receipt
    else:
        receipt = directory.reset_password(user, new, history="off")
    if kind != "open":
        directory.close()
print(receipt.operation, flush=True)
os.read(0, 1)
"""


def left_in_memory(dc: FakeDc, kind: str, *, keep: bool = False) -> dict[str, int]:
    """How many copies of the new and of the service account's password are left in a process that has written and closed."""
    settings = dc.settings
    secrets = {"new": "Q7-wipe-me-" + os.urandom(6).hex() + "-Zx", "bind": settings.pop("bind_password")}
    told = {**settings, "kind": kind, "keep": keep, "user": dc.ready["user"]}
    child = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write("\n".join([json.dumps(told), *secrets.values(), ""]).encode())
        assert child.stdout.readline() == b"reset_password\n"
        # The threads of the library put their memory in order, which takes them a while on a busy machine.
        deadline = time.monotonic() + 5
        while True:
            time.sleep(0.2)
            left = {name: scan(child.pid, secrets[name]) for name in secrets if kind != "mock" or name == "new"}
            if not any(left.values()) or time.monotonic() > deadline:
                return left
    finally:
        child.stdin.close()
        child.wait(timeout=30)
        child.stdout.close()


def scan(process: int, secret: str) -> int:
    """Looks into another process, from outside."""
    scanned = subprocess.run(
        [program("memory_scan"), str(process)], input=secret, capture_output=True, text=True, check=True
    )
    found = json.loads(scanned.stdout)
    assert found["scanned"] > 1_000_000
    sys.stderr.write(f"memory of Python: {found}\n")
    return int(found["total"])


@pytest.mark.parametrize("kind", ["mock", "real", "async", "many", "async many"])
def test_no_copy_of_a_password_is_left(dc: FakeDc, kind: str) -> None:
    assert set(left_in_memory(dc, kind).values()) == {0}
    if kind != "mock":
        assert dc.ask({"seen": {}})["password_writes"] == 1


def test_a_connection_that_is_kept_holds_none(dc: FakeDc) -> None:
    left = left_in_memory(dc, "open")
    assert left == {"new": 0, "bind": 1}, "the directory itself keeps the service account's password"
    assert dc.ask({"seen": {}})["password_writes"] == 1


def test_a_copy_that_is_left_is_found(dc: FakeDc) -> None:
    assert left_in_memory(dc, "mock", keep=True)["new"] > 0, "the scanner does not find what is there"

"""Over TLS to a fake domain controller: the service account's password, cancelling, and what is left in memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kit.program import FakeDc, program
from password_writeback import (
    ActiveDirectory,
    AsyncActiveDirectory,
    AuditEvent,
    DirectoryError,
    OutcomeError,
    ServiceAccountError,
)

NEW = "New-Pa55word-7"
SECRET = "Svc-Marker-31c"


@pytest.fixture
def dc() -> Iterator[FakeDc]:
    """A fake domain controller."""
    with FakeDc() as dc:
        yield dc  # type: ignore[misc]


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
            directory.find_account("alice", deadline=1)
        assert (caught.value.code, caught.value.outcome) == ("TIMEOUT", "not_applied")
        assert time.monotonic() - began < 3


def test_ctrl_c_before_the_write(dc: FakeDc) -> None:
    dc.ask({"hang": "find"})
    events: list[AuditEvent] = []
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with ActiveDirectory(**dc.settings, audit=events.append) as directory, pytest.raises(KeyboardInterrupt):
        directory.reset_password("alice", NEW)
    assert time.monotonic() - began < 2
    assert events[-1].code == "CANCELLED"
    assert dc.ask({"seen": {}})["password_writes"] == 0


def test_ctrl_c_after_the_write(dc: FakeDc) -> None:
    dc.ask({"slow": {"at": "write", "seconds": 2}})
    events: list[AuditEvent] = []
    threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with ActiveDirectory(**dc.settings, audit=events.append) as directory, pytest.raises(KeyboardInterrupt):
        directory.reset_password("alice", NEW)
    assert (events[-1].phase, events[-1].outcome) == ("finish", "applied")
    assert dc.ask({"seen": {}})["password"] == NEW


async def test_cancelling_after_the_write(dc: FakeDc) -> None:
    dc.ask({"slow": {"at": "write", "seconds": 2}})
    events: list[AuditEvent] = []
    async with AsyncActiveDirectory(**dc.settings, audit=events.append) as directory:
        task = asyncio.create_task(directory.reset_password("alice", NEW))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (events[-1].phase, events[-1].outcome) == ("finish", "applied")


def test_an_unsettled_write_is_unknown(dc: FakeDc) -> None:
    dc.ask({"hang": "write"})
    with ActiveDirectory(**dc.settings, grace=0.3, resolve_by_bind=False) as directory:
        try:
            directory.reset_password("alice", NEW, deadline=2)
        except (OutcomeError, DirectoryError) as error:
            assert error.outcome in ("unknown", "not_applied")


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
import json, os, sys
from password_writeback import ActiveDirectory, MockDirectory

def line():
    # Byte by byte: a buffer that Python reads ahead into would keep the password.
    read = bytearray()
    while (byte := os.read(0, 1)) != b"\\n":
        read += byte
    return read

settings = json.loads(line())
kind, keep, leave_open = settings.pop("kind"), settings.pop("keep"), settings.pop("leave_open")
password = bytearray(64)
password[:] = line()
user = settings.pop("user", "alice")
directory = MockDirectory() if kind == "mock" else ActiveDirectory(**settings)
if kind == "mock":
    directory.add_user(user)
kept = bytes(password) if keep else None
receipt = directory.reset_password(user, password, history="off")
if not leave_open:
    directory.close()
print(receipt.operation, flush=True)
os.read(0, 1)
"""


def left_in_memory(settings: dict[str, Any], *, keep: bool, leave_open: bool = False) -> int:
    """How many copies of a password are left in a process that has written it, the directory closed or still open."""
    secret = "Q7-wipe-me-" + os.urandom(6).hex() + "-Zx"
    child = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(
            json.dumps(settings | {"keep": keep, "leave_open": leave_open}).encode() + b"\n" + secret.encode() + b"\n"
        )
        assert child.stdout.readline() == b"reset_password\n"
        time.sleep(0.3)
        scanned = subprocess.run(
            [program("memory_scan"), str(child.pid)], input=secret, capture_output=True, text=True, check=True
        )
    finally:
        child.stdin.write(b"\n")
        child.stdin.close()
        child.wait(timeout=10)
        child.stdout.close()
    found = json.loads(scanned.stdout)
    assert found["scanned"] > 1_000_000
    sys.stderr.write(f"memory of Python: {found}\n")
    return int(found["total"])


def test_no_copy_of_a_password_is_left(dc: FakeDc) -> None:
    real = dc.settings | {"kind": "real", "user": dc.ready["user"]}
    assert left_in_memory(real, keep=False) == 0
    assert left_in_memory(real, keep=False, leave_open=True) == 0
    assert left_in_memory({"kind": "mock"}, keep=False) == 0
    assert left_in_memory({"kind": "mock"}, keep=True) > 0, "the scanner does not find what is there"

"""Ctrl-C during a call that waits, in a Python of its own."""

from __future__ import annotations

import pytest
from conftest import run_python

PROGRAM = """
import os, signal, threading, time
from password_writeback import Fault, MockDirectory
events = []
directory = MockDirectory(audit=events.append, grace=0.2)
directory.add_user("alice", password="Old-Passw0rd-1")
directory.fail_next(Fault.{fault})
def interrupt():
    while not events or directory.pending_faults:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    if {twice}:
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
began = time.monotonic()
try:
    directory.reset_password("alice", "New-Passw0rd-2", deadline={deadline})
    print("no interrupt")
except KeyboardInterrupt:
    print("interrupted", round(time.monotonic() - began, 1))
finish = events[-1]
print(finish.phase, finish.code, finish.outcome, directory.verify_password("alice", "New-Passw0rd-2"))
"""


def interrupted(fault: str, deadline: float = 30, twice: bool = False) -> tuple[float, list[str]]:
    lines = run_python(PROGRAM.format(fault=fault, deadline=deadline, twice=twice)).splitlines()
    word, took = lines[0].split()
    assert word == "interrupted"
    return float(took), lines[1].split()


@pytest.mark.parametrize("stage", ["open", "find", "read"])
def test_before_the_write_it_is_cancelled(stage: str) -> None:
    took, finish = interrupted(f"hang('{stage}')")
    assert took < 10
    assert finish == ["finish", "CANCELLED", "not_applied", "False"]


def test_afterwards_the_write_finishes() -> None:
    took, finish = interrupted("slow('write', 4)")
    assert 2.5 < took < 20
    assert finish == ["finish", "None", "applied", "True"]


def test_within_the_deadline_also_where_nothing_answers() -> None:
    took, finish = interrupted("hang('write')", deadline=6)
    assert took < 20
    assert finish[0] == "finish"
    assert finish[3] == "False"


def test_a_handler_that_does_not_raise_changes_nothing() -> None:
    program = """
import os, signal, threading, time
from password_writeback import Fault, MockDirectory
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(time.monotonic()))
directory = MockDirectory()
directory.fail_next(Fault.slow("find", 4))
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
directory.find_account("Administrator")
print(len(seen), time.monotonic() - seen[0] > 0.3)
"""
    assert run_python(program).split() == ["1", "True"]


def test_asyncio_run_is_interrupted_too() -> None:
    program = """
import asyncio, os, signal, threading, time
from password_writeback import AsyncMockDirectory, Fault
events = []
directory = AsyncMockDirectory(audit=events.append)
directory.add_user("alice", password="Old-Passw0rd-1")
directory.fail_next(Fault.slow("write", 4))
async def main():
    async with directory:
        await directory.reset_password("alice", "New-Passw0rd-2")
def interrupt():
    while directory.pending_faults:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted", events[-1].phase, events[-1].outcome)
"""
    assert run_python(program).split() == ["interrupted", "finish", "applied"]

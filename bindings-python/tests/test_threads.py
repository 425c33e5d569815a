"""The GIL is released, threads scale, and nothing piles up."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conftest import NEW, OLD
from password_writeback import AsyncMockDirectory, AuditEvent, Fault, MockDirectory


def test_the_gil_is_released_and_threads_scale() -> None:
    with MockDirectory() as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_always(Fault.slow("find", 2))
        ticks = 0
        done = threading.Event()

        def tick() -> None:
            nonlocal ticks
            while not done.wait(0.01):
                ticks += 1

        ticker = threading.Thread(target=tick)
        ticker.start()
        began = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            accounts = list(pool.map(lambda _: directory.find_account("alice"), range(20)))
        took = time.monotonic() - began
        done.set()
        ticker.join()
    assert len(accounts) == 20
    assert took < 20, f"20 calls of 2 s took {took:.1f} s: they waited for one another"
    assert ticks >= 5, "no other thread ran meanwhile"


async def test_coroutines_scale() -> None:
    async with AsyncMockDirectory() as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_always(Fault.slow("find", 0.3))
        began = time.monotonic()
        await asyncio.gather(*(directory.find_account("alice") for _ in range(50)))
        assert time.monotonic() - began < 10


def resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("the kernel does not tell how much memory is used")


def least_growth(of: Callable[[], object]) -> int:
    """The least that memory grows in three rounds, in kB: a leak grows in each of them, what else goes on in the process does not."""
    grown = []
    for _ in range(3):
        before = resident()
        of()
        grown.append(resident() - before)
    return min(grown)


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


# On a busy machine the runtime has some dozens of threads for a while; one for each call would be thousands.
MANY = 200


def test_thousands_of_calls_leave_nothing_behind() -> None:
    events: list[AuditEvent] = []
    with MockDirectory(history="off", audit=events.append) as directory:
        directory.add_user("alice", password=OLD)

        def round_of(calls: int) -> None:
            for _ in range(calls):
                directory.reset_password("alice", bytearray(NEW, "utf-8"))
                directory.find_account("alice")
                try:
                    directory.reset_password("alice", "x")
                except Exception as error:
                    assert "POLICY_VIOLATION" in str(error)
                events.clear()
            gc.collect()

        round_of(1000)
        grown = least_growth(lambda: round_of(1000))
        assert threads() < MANY
        assert grown < 2_700, f"3000 calls took {grown} kB more"


def test_thousands_of_directories_leave_nothing_behind() -> None:
    def round_of(count: int) -> None:
        for _ in range(count):
            with MockDirectory() as directory:
                directory.find_account("Administrator")
        gc.collect()

    round_of(300)
    grown = least_growth(lambda: round_of(500))
    assert threads() < MANY
    assert grown < 2_700, f"500 directories took {grown} kB more"


def test_a_callback_may_use_the_library() -> None:
    seen: list[str] = []

    def audit(event: AuditEvent) -> None:
        if event.phase == "finish" and event.operation == "reset_password":
            seen.append(other.find_account("bob").sam_account_name)

    with MockDirectory() as other, MockDirectory(audit=audit) as directory:
        other.add_user("bob")
        directory.add_user("alice", password=OLD)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: directory.reset_password("alice", NEW, history="off"), range(8)))
    assert seen == ["bob"] * 8

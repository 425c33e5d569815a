"""Cancelling: in time nothing is written; too late, the write is seen to its end."""

from __future__ import annotations

import asyncio
import time

import pytest
from conftest import NEW, OLD
from password_writeback import AsyncMockDirectory, AuditEvent, Fault
from test_many_async import struck


@pytest.mark.parametrize("stage", ["open", "find", "read"])
async def test_before_the_write_nothing_is_written(stage: str, events: list[AuditEvent]) -> None:
    async with AsyncMockDirectory(audit=events.append) as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_next(Fault.hang(stage))  # type: ignore[arg-type]
        task = asyncio.create_task(directory.reset_password("alice", NEW))
        await struck(directory)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 5
        assert (events[-1].phase, events[-1].code, events[-1].outcome) == ("finish", "CANCELLED", "not_applied")
        assert directory.writes == 0


@pytest.mark.parametrize("stage", ["write", "read_back"])
async def test_afterwards_the_write_finishes(stage: str, events: list[AuditEvent]) -> None:
    async with AsyncMockDirectory(audit=events.append) as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_next(Fault.slow(stage, 3))  # type: ignore[arg-type]
        task = asyncio.create_task(directory.reset_password("alice", NEW))
        await struck(directory)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 20
        assert (events[-1].phase, events[-1].code, events[-1].outcome) == ("finish", None, "applied")
        assert directory.verify_password("alice", NEW)


async def test_within_the_deadline_also_where_nothing_answers(events: list[AuditEvent]) -> None:
    async with AsyncMockDirectory(audit=events.append, grace=0.2) as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_next(Fault.hang("write"))
        task = asyncio.create_task(directory.reset_password("alice", NEW, deadline=6))
        await struck(directory)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 20
        assert events[-1].phase == "finish"
        assert not directory.verify_password("alice", NEW)
        assert events[-1].outcome in ("not_applied", "unknown")


async def test_a_timeout_cancels(events: list[AuditEvent]) -> None:
    async with AsyncMockDirectory(audit=events.append) as directory:
        directory.fail_next(Fault.hang("open"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(directory.find_account("alice"), 0.2)
        assert events[-1].code == "CANCELLED"


async def test_a_second_cancel_does_not_wait(events: list[AuditEvent]) -> None:
    async with AsyncMockDirectory(audit=events.append) as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_next(Fault.slow("write", 3))
        task = asyncio.create_task(directory.reset_password("alice", NEW))
        await struck(directory)
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(events) == 1, "the write is still under way"
        while len(events) < 2:
            await asyncio.sleep(0.05)
        assert events[-1].outcome == "applied"


def test_a_loop_that_is_closed_is_left_alone() -> None:
    events: list[AuditEvent] = []
    directory = AsyncMockDirectory(audit=events.append)
    directory.add_user("alice", password=OLD)
    directory.fail_next(Fault.slow("write", 1))
    loop = asyncio.new_event_loop()
    task = loop.create_task(directory.reset_password("alice", NEW))
    loop.run_until_complete(struck(directory))
    task.cancel()
    loop.run_until_complete(asyncio.sleep(0.01))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    deadline = time.monotonic() + 20
    while len(events) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert events[-1].outcome == "applied"

"""Many resets at once, awaited: what is different from waiting."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from conftest import NEW, run_python
from password_writeback import AsyncMockDirectory, AuditEvent, CallerError, Fault, ResetRequest, ResetResult
from test_many import Watch, add_users, errors, finished, request


@pytest.fixture
def many(events: list[AuditEvent]) -> AsyncMockDirectory:
    """A mock directory with thirty users."""
    directory = AsyncMockDirectory(audit=events.append)
    add_users(directory)
    return directory


async def awaited(count: int, pause: float = 0) -> AsyncIterator[ResetRequest]:
    """Requests that come in their time."""
    for number in range(count):
        await asyncio.sleep(pause)
        yield request(number)


async def struck(directory: AsyncMockDirectory) -> None:
    """Waits until every fault has struck."""
    deadline = time.monotonic() + 20
    while directory.pending_faults and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert directory.pending_faults == 0


def quiet() -> bool:
    """Whether no other task is left."""
    return asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("given", ["iterable", "asynchronous"])
async def test_each_request_has_one_result(many: AsyncMockDirectory, given: str) -> None:
    many.remove_user("user7")
    requests: Any = map(request, range(30)) if given == "iterable" else awaited(30)
    results = [result async for result in many.reset_many(requests)]
    assert sorted(result.index for result in results) == list(range(30))
    for result in results:
        assert (result.identity, result.correlation_id) == (f"user{result.index}", f"c{result.index}")
        assert (result.error is None) == (result.receipt is not None) == (result.index != 7)
    assert many.writes == 29
    assert quiet()


@pytest.mark.parametrize("given", ["iterable", "asynchronous"])
async def test_no_more_are_under_way_than_asked_for_and_none_is_taken_early(given: str) -> None:
    watch, taken = Watch(), 0

    def requests() -> Iterator[ResetRequest]:
        nonlocal taken
        for number in range(30):
            taken += 1
            assert number != 1 or (watch.now, watch.begun) == (0, 1)
            yield request(number)

    async def later() -> AsyncIterator[ResetRequest]:
        for one in requests():
            yield one

    async with AsyncMockDirectory(audit=watch) as directory:
        add_users(directory)
        directory.fail_always(Fault.slow("find", 0.3))
        results = directory.reset_many(requests() if given == "iterable" else later(), concurrency=5)
        await asyncio.sleep(0.1)
        assert (taken, watch.begun) == (0, 0)
        for number in range(1, 11):
            assert (await anext(results)).error is None
            await asyncio.sleep(0.1)
            assert taken <= number + 5
        assert len([result async for result in results]) == 20
        assert watch.most == 5
    assert quiet()


async def test_results_are_told_while_a_request_is_awaited(many: AsyncMockDirectory) -> None:
    more = asyncio.Event()

    async def requests() -> AsyncIterator[ResetRequest]:
        yield request(0)
        yield request(1)
        await more.wait()
        yield request(2)

    results = many.reset_many(requests())
    assert {(await anext(results)).index, (await anext(results)).index} == {0, 1}
    last = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0.1)
    assert not last.done()
    more.set()
    assert (await last).index == 2
    with pytest.raises(StopAsyncIteration):
        await anext(results)


async def test_requests_are_awaited_in_one_task(many: AsyncMockDirectory) -> None:
    tasks = set()

    async def requests() -> AsyncIterator[ResetRequest]:
        for number in range(10):
            tasks.add(asyncio.current_task())
            yield request(number)

    assert len([result async for result in many.reset_many(requests())]) == 10
    assert len(tasks) == 1


async def test_a_refused_logon_is_never_hammered(many: AsyncMockDirectory, events: list[AuditEvent]) -> None:
    many.fail_times(3, Fault.bind_failed("wrong_credentials"))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(others())
    given = many.reset_many(map(request, range(30)))
    results, before = [await anext(given)], turns
    results.extend([result async for result in given])
    assert turns >= before + 29, "nobody else had a turn"
    other.cancel()
    assert (len(results), many.pending_faults, finished(events)[0]) == (30, 1, 1)
    assert ["not attempted" in error.message for error in errors(results)] == [False] + [True] * 29


async def test_wrong_uses_are_told_at_once(many: AsyncMockDirectory) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        many.reset_many(5)  # type: ignore[arg-type]
    with pytest.raises(CallerError, match="concurrency"):
        many.reset_many([], concurrency=-1)


async def test_a_request_that_cannot_begin_is_answered(many: AsyncMockDirectory) -> None:
    wrong = [ResetRequest("user1", NEW + "\ud800"), ResetRequest("user1", NEW, history="always")]  # type: ignore[arg-type]
    results = [result async for result in many.reset_many([*wrong, request(1)], concurrency=1)]
    assert [error.code for error in errors(results)] == ["INVALID_PASSWORD", "CONFIGURATION"]
    await many.close()
    (late,) = [result async for result in many.reset_many([request(2)])]
    assert late.error is not None
    assert "closed" in late.error.message


async def broken(error: BaseException) -> AsyncIterator[ResetRequest]:
    for number in range(4):
        yield request(number)
    raise error


async def not_all_requests() -> AsyncIterator[Any]:
    for number in range(4):
        yield request(number)
    yield None


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        (lambda: broken(ZeroDivisionError("x")), ZeroDivisionError),
        (not_all_requests, TypeError),
        (lambda: iter([*map(request, range(4)), ("user5", NEW)]), TypeError),
    ],
)
async def test_an_error_among_the_requests_loses_no_result(
    many: AsyncMockDirectory, events: list[AuditEvent], requests: Any, expected: type[Exception]
) -> None:
    results: list[ResetResult] = []

    async def collect() -> None:
        async for result in many.reset_many(requests()):
            results.append(result)
            if result.index == 0:
                many.fail_next(Fault.slow("write", 1))
                many.fail_times(2, Fault.hang("find"))

    with pytest.raises(expected) as caught:
        await collect()
    assert sorted(result.index for result in results) == [0, 1, 2, 3]
    outcomes = [error.code for error in errors(results)]
    assert outcomes.count("CANCELLED") == len(outcomes) >= 2
    assert (many.writes, len(events)) == (4 - len(outcomes), 8)
    assert NEW not in repr(caught.value)
    assert quiet()


@pytest.mark.parametrize("leave", ["aclose", "aclosing", "cancel", "drop", "timeout"])
@pytest.mark.parametrize("given", ["iterable", "asynchronous"])
async def test_leaving_cancels_what_is_not_sent_and_waits_for_the_rest(
    many: AsyncMockDirectory, events: list[AuditEvent], leave: str, given: str
) -> None:
    results = many.reset_many(map(request, range(30)) if given == "iterable" else awaited(30), concurrency=5)
    assert (await anext(results)).index == 0
    many.fail_times(2, Fault.hang("find"))
    # A timeout, and a cancel once one more has begun, are to come before these two end.
    many.fail_times(2, Fault.slow("write", 4 if leave in ("cancel", "timeout") else 2))
    if leave == "aclosing":
        async with contextlib.aclosing(results):
            async for _ in results:
                await struck(many)
                break
        assert finished(events) == (6, 2, 4)
        return
    assert (await anext(results)).receipt is not None
    await struck(many)
    if leave == "aclose":
        await results.aclose()
        assert finished(events) == (6, 2, 4)
        return
    if leave == "drop":
        # The event loop closes it, in its own time.
        del results
        deadline = time.monotonic() + 20
        while not (finished(events) == (6, 2, 4) and quiet()) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        assert finished(events) == (6, 2, 4)
        assert quiet()
        return
    # The place of the one that ended is taken.
    many.fail_next(Fault.hang("find"))
    if leave == "timeout":
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(results), 1)
    else:
        task = asyncio.ensure_future(anext(results))
        await struck(many)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert finished(events) == (7, 3, 4)
    assert quiet()


async def test_a_second_cancel_does_not_wait(many: AsyncMockDirectory, events: list[AuditEvent]) -> None:
    many.fail_next(Fault.slow("write", 3))
    task = asyncio.ensure_future(anext(many.reset_many(map(request, range(3)))))
    await struck(many)
    task.cancel()
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert finished(events) == (1, 0, 0)
    while finished(events) != (1, 0, 1):
        await asyncio.sleep(0.05)


async def test_requests_that_are_awaited_are_left_with_the_rest(many: AsyncMockDirectory) -> None:
    left = []

    async def requests() -> AsyncIterator[ResetRequest]:
        yield request(0)
        try:
            await asyncio.sleep(60)
        finally:
            left.append("requests")

    results = many.reset_many(requests())
    assert (await anext(results)).index == 0
    task = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left == ["requests"]
    assert quiet()


def test_a_loop_that_is_closed_leaves_nothing_under_way(many: AsyncMockDirectory, events: list[AuditEvent]) -> None:
    loop = asyncio.new_event_loop()
    results = many.reset_many(map(request, range(3)), concurrency=3)
    loop.run_until_complete(anext(results))
    many.fail_times(2, Fault.hang("find"))
    waiting = loop.create_task(anext(results))
    loop.run_until_complete(struck(many))
    loop.close()
    del waiting, results
    gc.collect()
    deadline = time.monotonic() + 20
    while finished(events) != (3, 2, 1) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert finished(events) == (3, 2, 1)


async def test_a_coroutine_that_is_closed_cancels(many: AsyncMockDirectory, events: list[AuditEvent]) -> None:
    many.fail_next(Fault.hang("find"))
    coroutine = many.reset_password("user1", NEW)
    coroutine.send(None)
    coroutine.close()
    while len(events) < 2:
        await asyncio.sleep(0.02)
    assert events[-1].code == "CANCELLED"


def test_asyncio_run_is_interrupted_too() -> None:
    program = """
import asyncio, os, signal, threading, time
from password_writeback import AsyncMockDirectory, Fault, ResetRequest
events = []
directory = AsyncMockDirectory(audit=events.append)
async def main():
    async with directory:
        for number in range(9):
            directory.add_user(f"user{number}", password="Old-Passw0rd-1")
        requests = (ResetRequest(f"user{number}", "New-Passw0rd-2") for number in range(9))
        async for result in directory.reset_many(requests, concurrency=3):
            directory.fail_next(Fault.slow("write", 4))
            directory.fail_times(2, Fault.hang("find"))
def interrupt():
    while len(events) < 5 or directory.pending_faults:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    ends = [event for event in events if event.phase == "finish"]
    print(len(events) - len(ends), [event.outcome for event in ends])
"""
    assert run_python(program).strip() == "4 ['applied', 'not_applied', 'not_applied', 'applied']"


async def test_it_can_be_used_in_two_tasks_at_once(many: AsyncMockDirectory) -> None:
    async def some(first: int) -> int:
        return len([result async for result in many.reset_many(map(request, range(first, first + 10)), concurrency=2)])

    assert list(await asyncio.gather(some(0), some(10), some(20))) == [10, 10, 10]
    assert many.writes == 30

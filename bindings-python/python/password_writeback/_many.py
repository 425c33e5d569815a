"""Begins and awaits many resets. When the next one may begin is the core's to say: ``_native.Pace``."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import weakref
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from queue import SimpleQueue

from . import _native
from .errors import WritebackError
from .many import ResetRequest, ResetResult
from .results import Receipt


def checked(request: ResetRequest) -> ResetRequest:
    """A request, if it is one."""
    if isinstance(request, ResetRequest):
        return request
    kind = type(request).__name__
    # It may hold a password, and the error holds this frame.
    del request
    raise TypeError(f"reset_many takes objects of ResetRequest, not {kind}")


class Reset:
    """A reset that is under way."""

    __slots__ = ("call", "correlation_id", "end", "identity", "index")

    def __init__(self, index: int, request: ResetRequest) -> None:
        self.index = index
        self.identity = request.identity
        self.correlation_id = request.correlation_id
        self.call = _native.Call()
        self.end: tuple[str | None, WritebackError | None] | None = None

    def result(self, text: str | None, error: WritebackError | None) -> ResetResult:
        """What became of it."""
        return ResetResult(
            index=self.index,
            identity=self.identity,
            correlation_id=self.correlation_id,
            receipt=None if text is None else Receipt.from_json(text),
            error=error,
        )


class Resets:
    """The resets that are under way. Each is kept here from before it begins until its result is given."""

    def __init__(self, native: _native.Directory, pace: _native.Pace, ended: Callable[[Reset], object]) -> None:
        self._native = native
        self._pace = pace
        self._ended = ended
        self._taken = 0
        self._process = os.getpid()
        self._under_way: dict[int, Reset] = {}

    def __bool__(self) -> bool:
        return bool(self._under_way)

    def room(self) -> bool:
        """Whether another request may be taken."""
        return len(self._under_way) < self._pace.room()

    def begin(self, request: ResetRequest) -> ResetResult | None:
        """Begins a reset; or answers it right away, where it cannot begin."""
        reset = Reset(self._taken, request)
        self._taken += 1
        try:
            refusal = self._pace.refusal()
            return self._start(reset, request) if refusal is None else reset.result(None, refusal)
        finally:
            request._password.wipe()

    def _start(self, reset: Reset, request: ResetRequest) -> ResetResult | None:
        self._under_way[reset.index] = reset
        done = functools.partial(_done, weakref.ref(self), reset.index)
        try:
            reset.correlation_id = self._native.start(
                "reset_password", request._options, [request._password], done, reset.call
            )
        except WritebackError as error:
            if reset.call.begun:
                # The handler of a signal raised it.
                raise
            del self._under_way[reset.index]
            # It says nothing of the service account's logon: the pace does not learn from it.
            return reset.result(None, error.with_traceback(None))
        return None

    def end(self, index: int, text: str | None, error: WritebackError | None) -> None:
        """Takes the end of a reset, in the thread that tells it."""
        reset = self._under_way[index]
        reset.end = (text, error)
        self._ended(reset)

    def finished(self, reset: Reset) -> ResetResult:
        """The result of a reset that has ended."""
        assert reset.end is not None
        text, error = reset.end
        self._pace.learn(None if error is None else error.to_json())
        del self._under_way[reset.index]
        return reset.result(text, error)

    def cancel(self) -> None:
        """Cancels what has not been sent, and forgets what an exception kept from beginning."""
        self._under_way = {index: reset for index, reset in self._under_way.items() if reset.call.begun}
        for reset in self._under_way.values():
            reset.call.cancel()

    def finish(self) -> None:
        """Cancels what has not been sent, and waits for the rest."""
        _native.finish([reset.call for reset in self._under_way.values()])

    def ended(self) -> bool:
        """Whether all have ended."""
        return all(reset.call.ended for reset in self._under_way.values())

    def look_at_process(self) -> None:
        """Refuses to wait for resets that are under way in another process."""
        if self._under_way and self._process != os.getpid():
            message = "this process was forked while resets were under way: their results are the parent's"
            raise WritebackError(message, code="CONFIGURATION")
        self._process = os.getpid()


def _done(resets: weakref.ref[Resets], index: int, text: str | None, error: WritebackError | None) -> None:
    """Takes the end of a reset, where somebody wants it. Nobody is kept alive for it: what is forgotten is cancelled."""
    alive = resets()
    if alive is not None:
        alive.end(index, text, error)


def waiting(
    native: _native.Directory, requests: Iterator[ResetRequest], pace: _native.Pace
) -> Generator[ResetResult, None, None]:
    """The results as they finish."""
    ready = SimpleQueue[Reset]()
    resets = Resets(native, pace, ready.put)
    more, failure = True, None
    try:
        while more or resets:
            resets.look_at_process()
            if not ready.empty() or not (more and resets.room()):
                yield resets.finished(ready.get())
                continue
            try:
                answered = resets.begin(checked(next(requests)))
            except StopIteration:
                more = False
                continue
            except Exception as error:
                # What has begun is told first.
                more, failure = False, error
                resets.cancel()
                continue
            if answered is not None:
                yield answered
    finally:
        resets.finish()
    if failure is not None:
        try:
            raise failure
        finally:
            # The failure holds this frame.
            del failure


class AtOnce:
    """Requests that are there at once."""

    over = True

    def __init__(self, requests: Iterator[ResetRequest]) -> None:
        self._requests = requests

    def take(self) -> ResetRequest | None:
        """The next request. Raises ``StopIteration`` where there is none."""
        return checked(next(self._requests))

    def stop(self) -> None:
        """Has nothing to stop."""


class InTheirTime:
    """Requests that are awaited, by one task of their own, so that results can be told meanwhile."""

    def __init__(self, requests: AsyncIterator[ResetRequest], wake: asyncio.Event) -> None:
        self._given: deque[ResetRequest] = deque()
        self._wanted = asyncio.Event()
        self._wake = wake
        self._task = asyncio.create_task(self._read(requests))
        self._task.add_done_callback(self._read_all)

    async def _read(self, requests: AsyncIterator[ResetRequest]) -> None:
        await self._wanted.wait()
        async for request in requests:
            self._given.append(request)
            del request
            self._wanted.clear()
            self._wake.set()
            await self._wanted.wait()

    def _read_all(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            # Looked at, so that nobody complains where it is not wanted any more.
            task.exception()
        self._wake.set()

    @property
    def over(self) -> bool:
        """Whether the task has ended."""
        return self._task.done()

    def take(self) -> ResetRequest | None:
        """The next request; ``None`` until there is one. Raises ``StopIteration`` where there is none any more."""
        if self._given:
            return checked(self._given.popleft())
        if self._task.done():
            self._task.result()
            raise StopIteration
        self._wanted.set()
        return None

    def stop(self) -> None:
        """Ends the task."""
        self._task.cancel()


async def awaiting(
    native: _native.Directory, requests: Iterator[ResetRequest] | AsyncIterator[ResetRequest], pace: _native.Pace
) -> AsyncGenerator[ResetResult, None]:
    """The results as they finish, awaited."""
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    ready = deque[Reset]()
    source = InTheirTime(requests, wake) if isinstance(requests, AsyncIterator) else AtOnce(requests)
    more, failure = True, None

    def settle(reset: Reset) -> None:
        ready.append(reset)
        wake.set()

    def ended(reset: Reset) -> None:
        # A loop that has been closed has nobody who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, reset)

    resets = Resets(native, pace, ended)
    try:
        while more or resets:
            wake.clear()
            if ready:
                yield resets.finished(ready.popleft())
                continue
            try:
                request = source.take() if more and resets.room() else None
            except StopIteration:
                more = False
                continue
            except Exception as error:
                # What has begun is told first.
                more, failure = False, error
                resets.cancel()
                continue
            if request is None:
                await wake.wait()
                continue
            answered = resets.begin(request)
            if answered is not None:
                # Others have their turn, however many are answered right away.
                await asyncio.sleep(0)
                yield answered
    finally:
        # At once where nothing was written yet; else the writes are seen to their end, which their deadlines bound.
        resets.cancel()
        if not loop.is_closed():
            source.stop()
            while not (resets.ended() and source.over):
                wake.clear()
                await wake.wait()
    if failure is not None:
        try:
            raise failure
        finally:
            # The failure holds this frame.
            del failure

"""Work on many accounts at a pace that a domain controller can bear, and an orderly end of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TypeVar

from common import Row

T = TypeVar("T")

# What fails for one account will fail for all. A wrong bind password tried for each would lock the service account.
FAILS_FOR_ALL = {"BIND_FAILED", "TLS", "INSECURE_CHANNEL", "UNREACHABLE", "READ_ONLY_DIRECTORY", "CONFIGURATION"}

# These say nothing of the service account's logon: they may come before it, or instead of it.
SAYS_NOTHING_OF_THE_LOGON = {
    "INVALID_IDENTITY", "INVALID_PASSWORD", "UNSUPPORTED", "RATE_LIMITED", "CANCELLED", "TIMEOUT", "MALFORMED_REPLY",
}  # fmt: skip


class Crew:
    """So many work at a time, and begin no faster than the pace.

    Until a first operation has shown that the service account can log on, one works alone: a wrong bind password then costs one
    logon, and not one for each of the crew.

    Once stopped, by Ctrl-C, SIGTERM or :meth:`stop`, nobody begins anything more, and what is under way comes to its end. A second
    Ctrl-C cancels what has not been sent yet; a third ends the program where it stands.
    """

    def __init__(self, concurrency: int, rate: float) -> None:
        """A crew of so many, who begin so many a second."""
        self._concurrency, self._interval, self._next = concurrency, 1 / rate, 0.0
        self._stop = asyncio.Event()
        self._logged_on = False
        self._at_work: list[asyncio.Task[None]] = []
        self.why: str | None = None
        self.interrupted = False

    def stop(self, why: str) -> None:
        """Lets nobody begin anything more."""
        self.why = self.why or why
        self._stop.set()

    def learn(self, row: Row) -> None:
        """Learns from how an operation ended whether others may begin beside each other, or at all."""
        code = row.get("code", "")
        if code in FAILS_FOR_ALL:
            self.stop(f"{code}: {row['message']}")
        elif code not in SAYS_NOTHING_OF_THE_LOGON:
            self._logged_on = True

    async def turn(self) -> bool:
        """Waits for the next turn, and says whether to begin: not where the crew was stopped."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now)
        wait, self._next = self._next - now, self._next + self._interval
        try:
            await asyncio.wait_for(self._stop.wait(), wait)
        except asyncio.TimeoutError:
            return not self._stop.is_set()
        return False

    async def work_through(self, items: Iterable[T], one: Callable[[T], Awaitable[None]]) -> None:
        """Does one thing after another to all items, unless stopped. When it returns or raises, nobody is at work any more."""
        queue = iter(items)

        async def worker(*, alone: bool) -> None:
            try:
                for item in queue:
                    if self._stop.is_set():
                        return
                    await one(item)
                    if alone and self._logged_on:
                        return
            except BaseException as error:
                self.stop(type(error).__name__)
                raise

        self._listen()
        try:
            await self._see_through([worker(alone=True)])
            await self._see_through([worker(alone=False) for _ in range(self._concurrency)])
        finally:
            self._deafen()

    async def _see_through(self, work: Iterable[Coroutine[None, None, None]]) -> None:
        self._at_work = [asyncio.create_task(one) for one in work]
        await asyncio.wait(self._at_work)
        for done in self._at_work:
            # An error of one of them, such as a full disk, is the program's.
            if not done.cancelled():
                done.result()

    def _listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if not self.interrupted:
            self.interrupted = True
            self.stop("interrupted")
            print("interrupted: finishing what is under way", file=sys.stderr)
            return
        self._deafen()
        for worker in self._at_work:
            worker.cancel()

    def _deafen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

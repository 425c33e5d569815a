"""Work on many accounts at a pace that a domain controller can bear, and an orderly end of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

# What fails for one account will fail for all. A wrong bind password tried for each would lock the service account.
FAILS_FOR_ALL = {"BIND_FAILED", "TLS", "INSECURE_CHANNEL", "UNREACHABLE", "READ_ONLY_DIRECTORY", "CONFIGURATION"}


class Crew:
    """So many work at a time, and begin no faster than the pace.

    Once stopped, by Ctrl-C, SIGTERM or :meth:`stop`, nobody begins anything more, and what is under way comes to its end. A second
    Ctrl-C cancels what has not been sent yet; a third ends the program where it stands.
    """

    def __init__(self, concurrency: int, rate: float) -> None:
        """A crew of so many, who begin so many a second."""
        self._concurrency, self._interval, self._next = concurrency, 1 / rate, 0.0
        self._stop = asyncio.Event()
        self.why: str | None = None
        self.interrupted = False

    def stop(self, why: str) -> None:
        """Lets nobody begin anything more."""
        self.why = self.why or why
        self._stop.set()

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

        async def worker() -> None:
            try:
                for item in queue:
                    if self._stop.is_set():
                        return
                    await one(item)
            except BaseException as error:
                self.stop(f"{type(error).__name__}")
                raise

        workers = [asyncio.create_task(worker()) for _ in range(self._concurrency)]
        self._listen(workers)
        try:
            await asyncio.wait(workers)
        finally:
            self._deafen()
        for done in workers:
            # An error of one of them, such as a full disk, is the program's.
            if not done.cancelled():
                done.result()

    def _listen(self, workers: Sequence[asyncio.Task[None]]) -> None:
        def signalled() -> None:
            if not self.interrupted:
                self.interrupted = True
                self.stop("interrupted")
                print("interrupted: finishing what is under way", file=sys.stderr)
                return
            self._deafen()
            for worker in workers:
                worker.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, signalled)

    def _deafen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

"""What a call on a mock directory costs in Python, waiting and awaiting: see `overhead` beside this.

    overhead.py COUNT

Prints a line of JSON for each operation: {"language", "operation", "microseconds"}, the median of so many calls.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from password_writeback import AsyncMockDirectory, MockDirectory

COUNT = int(sys.argv[1])
NEW = "New-Passw0rd-2"


def tell(language: str, operation: str, times: list[float]) -> None:
    """Prints the median, without the first tenth."""
    microseconds = statistics.median(times[COUNT // 10 :]) * 1e6
    print(json.dumps({"language": language, "operation": operation, "microseconds": microseconds}), flush=True)


def waiting() -> None:
    """The package as a script uses it."""
    with MockDirectory() as directory:
        directory.add_user("alice", password="Old-Passw0rd-1")
        calls: dict[str, Callable[[], object]] = {
            "find_account": lambda: directory.find_account("alice"),
            "reset_password": lambda: directory.reset_password("alice", NEW, history="off"),
        }
        for operation, call in calls.items():
            times = []
            for _ in range(COUNT + COUNT // 10):
                began = time.perf_counter()
                call()
                times.append(time.perf_counter() - began)
            tell("python", operation, times)


async def awaiting() -> None:
    """The package as a service uses it, one call after the other."""
    async with AsyncMockDirectory() as directory:
        directory.add_user("alice", password="Old-Passw0rd-1")
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "find_account": lambda: directory.find_account("alice"),
            "reset_password": lambda: directory.reset_password("alice", NEW, history="off"),
        }
        for operation, call in calls.items():
            times = []
            for _ in range(COUNT + COUNT // 10):
                began = time.perf_counter()
                await call()
                times.append(time.perf_counter() - began)
            tell("python asyncio", operation, times)


waiting()
asyncio.run(awaiting())

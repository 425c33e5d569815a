"""What the tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from password_writeback import AuditEvent, MockDirectory

OLD = "Old-Passw0rd-1"
NEW = "New-Passw0rd-2"

# What runs in the background ignores Ctrl-C, and so do the programs that it starts: here it is to interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def events() -> list[AuditEvent]:
    """The audit events of the directory of the test."""
    return []


@pytest.fixture
def directory(events: list[AuditEvent]) -> Iterator[MockDirectory]:
    """A mock directory with alice in it."""
    with MockDirectory(audit=events.append) as directory:
        directory.add_user("alice", password=OLD)
        yield directory


def interrupt_when(ready: Callable[[], bool]) -> None:
    """Ctrl-C, as soon as something holds."""

    def interrupt() -> None:
        while not ready():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()


def run_python(code: str, *, told: str = "", expected: int = 0, timeout: float = 60) -> str:
    """Runs a program in a Python of its own, which is told something on stdin, and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", code],
        input=told,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    assert "Traceback" not in done.stderr or expected != 0, done.stderr
    return done.stdout

"""The programs of the shared test kit, which speak JSON lines on stdin and stdout."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

P = TypeVar("P", bound="Program")


def program(name: str) -> str:
    """Where cargo puts a program of the test kit."""
    default = Path(__file__).parents[3] / "target" / "debug"
    path = Path(os.environ.get("PASSWORD_WRITEBACK_TEST_PROGRAMS", default)) / name
    if not path.exists():
        raise AssertionError(f"{path} is missing: cargo build -p password-writeback-tests --bins")
    return str(path)


class Program:
    """A running program. At the end of its stdin it ends too."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._child = subprocess.Popen(
            [program(name), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def read(self) -> Any:
        """The next line."""
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        assert line, "the program has gone"
        return json.loads(line)

    def write(self, message: object) -> None:
        """Sends a line."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(message) + "\n")
        self._child.stdin.flush()

    def ask(self, message: object) -> Any:
        """Sends a line, and waits for the answer."""
        self.write(message)
        return self.read()

    def __enter__(self: P) -> P:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait(timeout=60)
        self._child.stdout.close()


class SambaDc(Program):
    """A real domain controller, in a process of its own; `samba_dc` says what it takes."""

    def __init__(self, release: str) -> None:
        super().__init__("samba_dc", release)
        self.ready: dict[str, str] = self.read()

    def do(self, **command: object) -> Any:
        """Has one thing done, and gives the answer."""
        answer = self.ask(command)
        assert "error" not in answer, answer
        return answer["ok"]


class FakeDc(Program):
    """The fake domain controller, in a process of its own."""

    def __init__(self) -> None:
        super().__init__("fake_dc")
        self.ready: dict[str, str] = self.read()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a client."""
        return {
            "servers": [self.ready["url"]],
            "ca_file": self.ready["ca_file"],
            "bind_user": self.ready["bind_user"],
            "bind_password": self.ready["bind_password"],
        }

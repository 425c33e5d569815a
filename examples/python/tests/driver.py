"""Runs bulk_reset.py on a mock whose passwords survive the process, and which kills the process on request.

Arguments: FILE (what the directory was sent, a line each), WHEN ("never", "before:N", "after:N"), and those of the program.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from password_writeback import AsyncMockDirectory, Receipt

import bulk_reset
import common

SENT, WHEN = Path(sys.argv[1]), sys.argv[2]


class LastingDirectory(AsyncMockDirectory):
    """A mock directory that remembers what it was sent."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        lines = SENT.read_text().splitlines() if SENT.exists() else []
        self.known = {entry["account"]: entry["password"] for entry in map(json.loads, lines)}
        self.count = 0

    def add_user(self, name: str, **options: Any) -> Any:
        """An account, with the password it was last sent."""
        return super().add_user(name, **{**options, "password": self.known.get(name, options["password"])})

    async def reset_password(self, identity: Any, new_password: Any, **options: Any) -> Receipt:
        """A reset that is remembered, and around which the process may die."""
        self.count += 1
        number = self.count
        if f"before:{number}" == WHEN:
            os.kill(os.getpid(), signal.SIGKILL)
        text = bytes(new_password).decode()
        receipt = await super().reset_password(identity, new_password, **options)
        with open(SENT, "a") as sent:  # noqa: ASYNC230
            sent.write(json.dumps({"account": str(identity), "password": text}) + "\n")
        if f"after:{number}" == WHEN:
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt


common.AsyncMockDirectory = LastingDirectory  # type: ignore[attr-defined]
sys.exit(bulk_reset.main(sys.argv[3:]))

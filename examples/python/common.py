"""What the two programs share: how a report tells of a refusal, and how a program ends."""

from __future__ import annotations

import sys
from typing import TypeAlias

from password_writeback import WritebackError

Row: TypeAlias = dict[str, str]
"""A line of a report, by its columns."""

UNFINISHED = {"outcome": "unknown", "code": "", "message": "the run did not come to its end: run again"}
"""What a report says of an account before the run has ended. It stays there where the run is killed."""

NOTHING_SENT = 2
"""Exit code: something is wrong with the options or the input, and nothing was sent."""

NOT_RECORDED = 3
"""Exit code: the report or the journal could not be written once the work had begun."""


class UsageError(Exception):
    """Something is wrong with the options or the input; nothing was sent."""


def refusal(error: WritebackError) -> Row:
    """What a report says of an operation that did not end well."""
    return {
        "outcome": error.outcome,
        "code": error.code,
        "domain_controller": error.domain_controller or "",
        "distinguished_name": error.account.distinguished_name if error.account else "",
        "message": error.message,
    }


def fail(message: object, code: int = NOTHING_SENT) -> int:
    """Says what is wrong, and gives the exit code for it."""
    print(f"error: {message}", file=sys.stderr)
    return code

"""What the two programs share: how a report tells of a refusal, and how a program ends."""

from __future__ import annotations

import sys
from typing import TypeAlias

from password_writeback import WritebackError

Row: TypeAlias = dict[str, str]


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


def fail(message: object) -> int:
    """Says what is wrong, and gives the exit code for it."""
    print(f"error: {message}", file=sys.stderr)
    return 2

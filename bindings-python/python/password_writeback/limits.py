"""How often operations may be tried."""

from __future__ import annotations

from dataclasses import dataclass

from ._given import Seconds


@dataclass(frozen=True)
class Limit:
    """So many tries in a period.

    So many may come at once; each is given back evenly over the period. Of ``Limit(5, 3600)`` five may come at once, and then one more
    every twelve minutes.
    """

    count: int
    """How many, at least one."""
    period: Seconds
    """In which time, at most 366 days."""


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """What is refused as ``RATE_LIMITED``: the error says by its ``retry_at`` when the same try can succeed."""

    per_account: Limit | None = None
    """On one account, however it is named: writes and checked candidates, and a canary once, whatever becomes of them. An account that is
    not there or must not be written takes none."""
    total: Limit | None = None
    """On everything together, reads among it."""

"""What callers give."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

Password: TypeAlias = str | bytearray | bytes
"""A password. A ``bytearray`` (UTF-8) is wiped in place before the call returns, on every path; the others cannot be wiped."""

Seconds: TypeAlias = float | timedelta
"""A duration: seconds, or a ``timedelta``."""

"""The options of a request on their way to the native part."""

from __future__ import annotations

from typing import Any

from . import _json
from .identity import plain


def request(**options: Any) -> str:
    """The options of a request as JSON: what is not given is left out."""
    named = {name: plain(options.get(name)) for name in ("identity", "actor")}
    return _json.encode(_json.without_none({**options, **named}))

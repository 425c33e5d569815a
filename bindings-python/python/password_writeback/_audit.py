"""Audit events on their way to a callback and to logging."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from . import _native
from .results import AuditEvent

AuditCallback: TypeAlias = Callable[[AuditEvent], object]
"""Takes audit events. It is called from a thread of the library, and the operation waits for it, for 30 seconds at the most: an event that
it has not taken by then is lost. So what takes long belongs behind a queue, one that is never full."""

_package = logging.getLogger("password_writeback")
_package.addHandler(logging.NullHandler())
_events = logging.getLogger("password_writeback.audit")


class Recorder:
    """Takes events from the native part: logs each, and hands it to the callback where there is one."""

    patience = timedelta(seconds=30)
    """How long an operation waits for it."""

    def __init__(self, callback: AuditCallback | None) -> None:
        if callback is not None and not callable(callback):
            raise TypeError(f"audit must be callable, not {type(callback).__name__}")
        if inspect.iscoroutinefunction(callback):
            raise TypeError("audit must be an ordinary function: it is called from a thread without an event loop")
        self._callback = callback

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return self._callback is not None or _events.isEnabledFor(logging.INFO)

    def __call__(self, text: str) -> None:
        event = AuditEvent.from_json(text)
        if _events.isEnabledFor(logging.INFO):
            _log(event)
        if self._callback is not None:
            try:
                self._callback(event)
            except BaseException:
                _package.exception("the audit callback failed")
                raise

    def lost(self, text: str, failure: str) -> None:
        """Notes that another sink lost an event."""
        event = AuditEvent.from_json(text)
        _package.error(
            "an audit event was lost (%s): %s of %s [%r]", failure, event.phase, event.operation, event.correlation_id
        )


def _log(event: AuditEvent) -> None:
    end = "" if event.phase == "start" else f": {event.code or 'ok'} ({event.outcome or 'nothing to write'})"
    _events.info(
        # What came from outside is quoted: a line break in it would begin a line that looks like another event.
        "%s %s of %r [%r]%s",
        event.phase,
        event.operation,
        event.identity,
        event.correlation_id,
        end,
        extra={"audit_event": event},
    )


def serve(hand: _native.Hand) -> None:
    """Gives recorders their events, one after the other, in a thread of Python's own."""
    while (work := hand.next()) is not None:
        recorder, event, lost, taken = work
        del work
        failure = tell(recorder, event, lost)
        # Once it is told, the directory may be closed, and nothing is to keep its callback.
        del recorder, event, lost
        taken(failure)
        del taken


def tell(recorder: Recorder, event: str, lost: str | None) -> str | None:
    """Gives a recorder an event, or one that another sink lost; the type of the exception where it fails."""
    try:
        if lost is None:
            recorder(event)
        else:
            recorder.lost(event, lost)
    except BaseException as error:
        return type(error).__name__
    return None


def no_password(cause: str) -> None:
    """Says that the callable for the bind password had none. Only the type of its exception: the rest could hold the secret."""
    _package.error("bind_password could not be had: %s", cause)

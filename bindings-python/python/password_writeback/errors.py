"""Why an operation did not do what was asked: one class for each kind of cause, under :class:`WritebackError`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from . import _json, _native
from .results import Account, Violation
from .words import Code, ErrorKind, Outcome, Protection, Reason

_CODES: dict[str, tuple[ErrorKind, str | None]] = {code: (kind, event) for code, kind, event in _native.codes()}
_CLASSES: dict[str, type[WritebackError]] = {}
_DETAILS = (
    "violations",
    "account",
    "domain_controller",
    "reason",
    "missing_right",
    "protection",
    "result_code",
    "win32",
    "retry_at",
)


class WritebackError(Exception):
    """An operation did not do what was asked.

    It holds no secret, so it may be logged, pickled and sent on as it is. Decide on :attr:`code` and :attr:`outcome`; the message is
    for people and may change between releases.
    """

    code: Code
    """The stable code, the same text in every language."""
    outcome: Outcome
    """Whether the write happened. Never repeat a write whose outcome is ``unknown`` blindly."""
    message: str
    """A sentence for people, in English."""
    violations: list[Violation]
    """The rules of the password policy that were broken; empty where the code is not ``POLICY_VIOLATION``."""
    account: Account | None
    """The account as it was found, once it was."""
    domain_controller: str | None
    """The domain controller that was talked to, once one was."""
    reason: Reason | None
    """The particular cause within the code."""
    missing_right: str | None
    """The right that the service account lacks, where it can be known."""
    protection: Protection | None
    """The rule that protects the account."""
    result_code: int | None
    """The LDAP result code of the refusal (RFC 4511 4.1.9)."""
    win32: int | None
    """The Windows error code of the refusal (MS-ERREF 2.2)."""
    retry_at: datetime | None
    """When the same try can succeed, for ``RATE_LIMITED``. What a policy makes wait for is in the :attr:`violations`."""

    def __new__(cls, message: str, *, code: Code, **_details: object) -> WritebackError:
        """An error of the class that belongs to the code."""
        return super().__new__(_class_of(code) if cls is WritebackError else cls)

    def __init__(
        self,
        message: str,
        *,
        code: Code,
        outcome: Outcome = "not_applied",
        violations: list[Violation] | None = None,
        account: Account | None = None,
        domain_controller: str | None = None,
        reason: Reason | None = None,
        missing_right: str | None = None,
        protection: Protection | None = None,
        result_code: int | None = None,
        win32: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        """An error of one's own, as a test needs one; the others come from the operations."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.outcome = outcome
        self.violations = violations if violations is not None else []
        self.account = account
        self.domain_controller = domain_controller
        self.reason = reason
        self.missing_right = missing_right
        self.protection = protection
        self.result_code = result_code
        self.win32 = win32
        self.retry_at = retry_at

    @property
    def kind(self) -> ErrorKind | None:
        """Whose cause it is: who has to act. ``None`` for a code that this version does not know."""
        return _CODES[self.code][0] if self.code in _CODES else None

    @property
    def microsoft_event(self) -> str | None:
        """The event that Microsoft's password writeback logs for this cause, where it has one."""
        return _CODES[self.code][1] if self.code in _CODES else None

    def to_json(self) -> str:
        """The JSON text, the same in every language."""
        told = {"code": self.code, "outcome": self.outcome, "message": self.message}
        details = {name: getattr(self, name) for name in _DETAILS}
        return _json.encode(told | {name: value for name, value in details.items() if value not in (None, [])})

    @staticmethod
    def from_json(text: str) -> WritebackError:
        """The error, in the class that belongs to its code, from its JSON text."""
        values = json.loads(text)
        details = {name: values[name] for name in _DETAILS if values.get(name) is not None}
        if "violations" in details:
            details["violations"] = [_json.decode_value(Violation, value) for value in details["violations"]]
        if "account" in details:
            details["account"] = _json.decode_value(Account, details["account"])
        if "retry_at" in details:
            details["retry_at"] = _json.decode_value(datetime, details["retry_at"])
        return WritebackError(values["message"], code=values["code"], outcome=values["outcome"], **details)

    def __str__(self) -> str:
        return f"{self.message} [{self.code}, {self.outcome}]"

    def __repr__(self) -> str:
        details = {name: getattr(self, name) for name in _DETAILS}
        shown = "".join(f", {name}={value!r}" for name, value in details.items() if value not in (None, []))
        return f"{type(self).__name__}({self.message!r}, code={self.code!r}, outcome={self.outcome!r}{shown})"

    def __reduce__(self) -> tuple[Callable[[str], WritebackError], tuple[str]]:
        return WritebackError.from_json, (self.to_json(),)


class CallerError(WritebackError):
    """The caller's request or settings: an unreadable identity, a password that cannot be sent, a setting that cannot work."""


class AccountError(WritebackError):
    """The state of the account: not found, disabled, locked, the wrong old password."""


class PolicyError(WritebackError):
    """The directory's password policy refused the new password: see :attr:`~WritebackError.violations`."""


class ProtectionError(WritebackError):
    """The protection rules of this library: the account is one that must not be written."""


class ServiceAccountError(WritebackError):
    """The service account: its own logon failed, or it lacks a right."""


class ChannelError(WritebackError):
    """The encrypted channel: TLS could not be had, or not trusted."""


class DirectoryError(WritebackError):
    """The directory or the way to it: nobody answered, in time or at all, or it refused for a reason of its own."""


class OutcomeError(WritebackError):
    """The write was sent, and neither a reply nor later evidence says what became of it."""


_CLASSES.update(
    {
        "caller": CallerError,
        "account": AccountError,
        "policy": PolicyError,
        "protection": ProtectionError,
        "service_account": ServiceAccountError,
        "channel": ChannelError,
        "directory": DirectoryError,
        "outcome": OutcomeError,
    }
)


def _class_of(code: str) -> type[WritebackError]:
    known = _CODES.get(code)
    return WritebackError if known is None else _CLASSES[known[0]]

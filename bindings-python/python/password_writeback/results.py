"""What the operations answer. Times are aware ``datetime`` values in UTC, durations are ``timedelta`` values.

Results are frozen, compare by value, can be hashed, copied and pickled, and travel as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from . import _json, _native
from .words import (
    Acceptable,
    Certainty,
    CheckStatus,
    Code,
    HistoryEnforcement,
    Initiator,
    Operation,
    Outcome,
    Phase,
    Protection,
    ReceiptWarning,
    Rule,
    Tool,
    Verification,
)

R = TypeVar("R", bound="Result")


class Result:
    """What all results share: they can be written as JSON, and read from it."""

    __slots__ = ()

    def to_json(self) -> str:
        """The JSON text, the same in every language."""
        return _json.encode(self)

    @classmethod
    def from_json(cls: type[R], text: str) -> R:
        """A result from its JSON text."""
        return _json.decode(cls, text)


@dataclass(frozen=True, kw_only=True)
class Account(Result):
    """One user account as one domain controller describes it."""

    distinguished_name: str
    """The distinguished name, for people: it changes with a rename or a move."""
    sam_account_name: str
    """The logon name within the domain."""
    user_principal_name: str | None = None
    """The explicit user principal name; an account may have none."""
    display_name: str | None = None
    """The display name."""
    object_guid: UUID
    """The objectGUID, which never changes."""
    object_sid: str
    """The security identifier."""
    source_anchor: str
    """The source anchor (ImmutableId): base64 of mS-DS-ConsistencyGuid, else of objectGUID."""
    enabled: bool
    """Not disabled."""
    locked: bool
    """Locked out at this moment."""
    locked_until: datetime | None = None
    """When the lockout ends by itself; ``None`` where it is not locked, where only an administrator ends it, or where the policy could
    not be read."""
    must_change_password: bool
    """The user must change the password at the next logon."""
    password_expired: bool
    """The password has expired, by age or by a required change."""
    password_last_set: datetime | None = None
    """When the password was set; ``None`` while a change is required."""
    password_expires_at: datetime | None = None
    """When the password expires; ``None`` where it never does, or where a change is required."""
    account_expires_at: datetime | None = None
    """When the account itself expires; ``None`` where it never does."""
    protection: Protection | None = None
    """The rule that protects the account from being written, or none."""


@dataclass(frozen=True, kw_only=True)
class Receipt(Result):
    """The proof of a write."""

    operation: Operation
    """What was done."""
    account: Account
    """The account, as read back afterwards where that was possible."""
    domain_controller: str
    """The DNS name of the one domain controller that did it."""
    correlation_id: str
    """The request's correlation id."""
    history: HistoryEnforcement
    """Whether history and minimum age were enforced."""
    password_last_set: datetime | None = None
    """When the server recorded the password as set; ``None`` while a change is required, or where it could not be read back."""
    unlocked: bool
    """Whether this write unlocked: it set lockoutTime to 0, which ends a lockout and starts the count of bad passwords anew. It says what
    was done, not that the account was locked before."""
    must_change_password: bool
    """Whether the user must change the password at the next logon."""
    verification: Verification
    """How the write was verified."""
    warnings: list[ReceiptWarning] = field(default_factory=list, hash=False)
    """What the caller should know."""


@dataclass(frozen=True, kw_only=True)
class PolicySource:
    """Where a policy comes from."""

    kind: Literal["domain", "fine_grained", "unknown"]
    """The account's own domain, a fine-grained policy, or unknown: then every field of the policy is absent."""
    detail: str | None = None
    """The distinguished name of a fine-grained policy, or why it is unknown."""

    @classmethod
    def _read(cls, value: Any) -> PolicySource:
        if isinstance(value, str):
            return cls(kind=value)  # type: ignore[arg-type]
        ((kind, detail),) = value.items()
        return cls(kind=kind, detail=detail)


@dataclass(frozen=True, kw_only=True)
class PasswordPolicy(Result):
    """The password policy that applies to one account. A field that could not be read is ``None``, never guessed."""

    source: PolicySource
    """Where it comes from."""
    min_length: int | None = None
    """The least length, in UTF-16 code units."""
    complexity: bool | None = None
    """Whether complexity is required: three of five character classes, and no account or display name in the password."""
    history_length: int | None = None
    """How many former passwords are refused."""
    min_age: timedelta | None = None
    """How old a password must be before it may be changed."""
    max_age: timedelta | None = None
    """How old a password may become; zero means it never expires."""
    lockout_threshold: int | None = None
    """How many bad passwords lock the account; zero means it never locks."""
    lockout_duration: timedelta | None = None
    """How long a lockout lasts; zero means until an administrator unlocks it."""
    lockout_window: timedelta | None = None
    """For how long bad passwords are counted together."""

    def to_json(self) -> str:
        """The JSON text, the same in every language."""
        source = self.source
        text = source.kind if source.detail is None else {source.kind: source.detail}
        return _json.encode({**self.__dict__, "source": text})


@dataclass(frozen=True, kw_only=True)
class Violation(Result):
    """A rule that a password breaks."""

    rule: Rule
    """The rule."""
    limit: int | None = None
    """The rule's number: UTF-16 code units for ``min_length``, remembered passwords for ``history``, whole seconds (rounded up) for
    ``min_age``."""
    retry_at: datetime | None = None
    """When the same try can succeed, where time heals it."""
    certainty: Certainty
    """How sure it is: ``stated`` and ``computed`` each mean this one; several ``inferred`` ones mean one of these."""


@dataclass(frozen=True, kw_only=True)
class Verdict(Result):
    """What can be said of a candidate without writing it."""

    acceptable: Acceptable
    """``no``: a rule is broken. ``yes``: every rule that can be checked beforehand holds. ``unknown``: the policy could not be read."""
    violations: list[Violation] = field(default_factory=list, hash=False)
    """The rules that are broken."""
    unchecked: list[Rule] = field(default_factory=list, hash=False)
    """The rules that only the domain controller can judge."""


@dataclass(frozen=True, kw_only=True)
class Command(Result):
    """A command that mends what a check found. Run it as an administrator of the domain, and read it first."""

    tool: Tool
    """What carries it out: ``dsacls``, PowerShell, or ``samba-tool`` (a shell of root on a Samba domain controller)."""
    command: str
    """One line."""


@dataclass(frozen=True, kw_only=True)
class Check(Result):
    """One check of a diagnosis."""

    name: str
    """The fixed name of the check."""
    status: CheckStatus
    """How it ended."""
    detail: str
    """What was seen."""
    fix: str | None = None
    """What mends it, for people; ``None`` where nothing needs mending."""
    commands: list[Command] = field(default_factory=list, hash=False)
    """The commands that mend it. Each tool alone suffices; several of one tool are all needed, in their order."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis(Result):
    """Whether a deployment is able to do its job, and if not, what to fix."""

    checks: list[Check] = field(default_factory=list, hash=False)
    """The checks, in the order they were made."""
    outcome: Outcome | None = None
    """What became of the writes of a canary; ``None`` where none was asked for."""

    @property
    def is_healthy(self) -> bool:
        """Whether nothing failed and nothing is unknown."""
        return _native.is_healthy(self.to_json())


@dataclass(frozen=True, kw_only=True)
class AuditEvent(Result):
    """Who did what to which account, when, and how it ended. It holds no secret."""

    phase: Phase
    """Before anything is done, or when the outcome is known, or known to be unknown; also after the caller has gone."""
    time: datetime
    """When it was."""
    operation: Operation
    """What was asked for."""
    correlation_id: str
    """Ties the two events of an operation together, and to the caller's own records."""
    identity: str | None = None
    """The account as the caller named it; ``None`` in a diagnosis of the deployment."""
    initiator: Initiator
    """Who asked."""
    actor: str | None = None
    """Who asked, by name, where the request said."""
    target: UUID | None = None
    """The objectGUID of the account, once it was found."""
    domain_controller: str | None = None
    """The domain controller, once one was reached."""
    outcome: Outcome | None = None
    """How it ended: ``applied`` for a write that succeeded; ``None`` at the start, and where nothing was to be written."""
    code: Code | None = None
    """The error code, where it failed."""
    duration_ms: int | None = None
    """How long it took, in milliseconds; ``None`` at the start."""
    microsoft_event: int | None = None
    """The event number of Microsoft's password writeback, where it has one: for what happened."""
    microsoft_cause: str | None = None
    """The event of the same source for the cause of a failure, where it has one."""

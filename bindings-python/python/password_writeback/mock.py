"""A directory in memory that obeys Active Directory's rules, for the tests of whoever uses this library.

It is not a recorder of calls. It has a domain with a policy, accounts, groups, fine-grained policies, a service account with rights
that can be taken away, a clock that a test moves, and faults on request:

>>> from password_writeback import Fault, MockDirectory
>>> with MockDirectory() as directory:
...     guid = directory.add_user("alice", password="Old-Passw0rd", groups=["Staff"])
...     receipt = directory.reset_password("alice", "New-Passw0rd-1")
...     directory.verify_password("alice", "New-Passw0rd-1")
True

A new one is the domain ``corp.example`` (``CORP``) at 2026-01-01T00:00:00Z, with the policy of a new domain, the built-in groups, and
three accounts: ``Administrator``, ``krbtgt``, and ``svc-writeback``, which this library is logged on as.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from . import _json, _native
from ._audit import AuditCallback, Recorder
from ._given import Password, Seconds
from ._operations import AsyncOperations, Held, SyncOperations, layers
from ._secrets import conceals
from .errors import WritebackError
from .identity import AnyIdentity, plain
from .limits import RateLimits
from .results import Result
from .words import (
    BindAnswer,
    GroupScope,
    History,
    IdentityKind,
    Initiator,
    MockRight,
    MockUserKind,
    OnSinkFailure,
    PolicyHintsSupport,
    Reason,
    Refusals,
    Stage,
)


@dataclass(frozen=True, kw_only=True)
class MockAccount(Result):
    """An account as the mock directory stores it, whatever the service account may read."""

    distinguished_name: str
    """The distinguished name."""
    guid: UUID
    """The objectGUID."""
    sid: str
    """The objectSid."""
    token_groups: list[str] = field(hash=False)
    """The SID of every security group that it is in: direct, nested and primary."""
    user_account_control: int
    """userAccountControl (MS-ADTS 2.2.16)."""
    admin_count: int | None
    """adminCount."""
    password_last_set: datetime | None
    """When the password was set; ``None`` where it must be changed."""
    must_change_password: bool
    """pwdLastSet is 0."""
    password_expired: bool
    """The password has expired, by age or because it must be changed."""
    locked: bool
    """Locked out now."""
    lockout_time: datetime | None
    """When it was locked out; ``None`` after an unlock."""
    bad_password_count: int
    """badPwdCount."""
    password_version: int
    """How often the password has been set."""
    usn_changed: int
    """uSNChanged: it moves with every change that is replicated."""
    resultant_pso: str | None
    """The distinguished name of the fine-grained policy that applies."""


@dataclass(frozen=True, kw_only=True)
class MockPolicy:
    """A password policy of a mock domain. What is left out is as in a new domain, or refuses nothing where ``lenient`` is true."""

    lenient: bool = False
    """Whether what is left out refuses nothing."""
    min_length: int | None = None
    """The least length, in UTF-16 code units: 7 in a new domain."""
    complexity: bool | None = None
    """Whether complexity is required: it is in a new domain."""
    history_length: int | None = None
    """How many passwords are remembered, the current one among them: 24 in a new domain."""
    min_age: Seconds | None = None
    """How old a password must be before it may be changed: a day in a new domain."""
    max_age: Seconds | None = None
    """How old a password may become, zero for ever: 42 days in a new domain."""
    lockout_threshold: int | None = None
    """How many bad passwords lock an account: zero, none do, in a new domain."""
    lockout_duration: Seconds | None = None
    """How long a lockout lasts, zero until it is unlocked: half an hour in a new domain."""
    lockout_window: Seconds | None = None
    """For how long bad passwords are counted together: half an hour in a new domain."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, or somebody who gets in between: the class methods make them.

    A fault strikes where the next operation reaches its stage, in the order in which faults were armed.
    """

    kind: str
    """What goes wrong."""
    details: dict[str, object] = field(default_factory=dict, hash=False)
    """The parts of it."""
    _password: object = field(default=None, repr=False, compare=False)

    @classmethod
    def unreachable(cls) -> Fault:
        """No domain controller answers."""
        return cls("unreachable")

    @classmethod
    def tls(cls, reason: Reason) -> Fault:
        """The TLS handshake fails, for this reason."""
        return cls("tls", {"reason": reason})

    @classmethod
    def bind_failed(cls, reason: Reason) -> Fault:
        """The service account's logon fails, for this reason."""
        return cls("bind_failed", {"reason": reason})

    @classmethod
    def read_only(cls) -> Fault:
        """Only a read-only domain controller answers."""
        return cls("read_only")

    @classmethod
    def cut(cls, stage: Stage) -> Fault:
        """The connection is cut at a stage; at ``write`` that is before the request is sent."""
        return cls("cut", {"stage": stage})

    @classmethod
    def cut_before_write(cls) -> Fault:
        """The connection is cut before the write is sent."""
        return cls("cut_before_write")

    @classmethod
    def cut_after_request(cls, *, applied: bool) -> Fault:
        """The connection is cut after the write was sent and before its reply; ``applied``: the server carries it out."""
        return cls("cut_after_request", {"applied": applied})

    @classmethod
    def applied_late(cls, delay: Seconds) -> Fault:
        """The connection is cut after the write was sent, and the server carries it out this much later."""
        return cls("applied_late", {"delay": delay})

    @classmethod
    def cut_after_reply(cls) -> Fault:
        """The connection is cut after the reply to the write; a new one can be had."""
        return cls("cut_after_reply")

    @classmethod
    def gone_after(cls, *, applied: bool) -> Fault:
        """The connection is cut after the write was sent, and the domain controller is gone until it is made to come back."""
        return cls("gone_after", {"applied": applied})

    @classmethod
    def slow(cls, stage: Stage, duration: Seconds) -> Fault:
        """A stage takes this long. A write that the library no longer waits for is carried out all the same."""
        return cls("slow", {"stage": stage, "duration": duration})

    @classmethod
    def hang(cls, stage: Stage) -> Fault:
        """A stage never ends. A write that hangs is not carried out."""
        return cls("hang", {"stage": stage})

    @classmethod
    def refuse(cls, result_code: int, diagnostic: str = "") -> Fault:
        """The server answers the write with this LDAP result and diagnostic text, and does nothing."""
        return cls("refuse", {"result_code": result_code, "diagnostic": diagnostic})

    @classmethod
    @conceals("password")
    def other_writer(cls, before: Stage, password: Password) -> Fault:
        """Somebody else sets another password just before a stage: ``read``, ``write`` or ``read_back``."""
        return cls("other_writer", {"before": before}, password)

    @classmethod
    def fail(cls, stage: Stage, error: WritebackError) -> Fault:
        """A stage fails with this error; ``write`` as something that was never sent, ``logon`` as nothing proven."""
        return cls("fail", {"stage": stage, "error": _json.parsed(error.to_json())})

    def _text(self) -> str:
        return _json.encode({"kind": self.kind, **self.details})


AnyFault: TypeAlias = Fault | str
"""A fault, or the kind of one that has no parts: ``"unreachable"``."""


class MockClock:
    """The clock of a mock domain controller: it moves only when it is told to.

    Ages, expiry, lockouts and audit events go by it. Deadlines do not: they go by the machine's time.
    """

    def __init__(self, native: _native.Directory) -> None:
        """The clock of a directory, which offers it as ``clock``."""
        self._native = native

    def now(self) -> datetime:
        """The time it shows."""
        return _json.read_time(self._native.now())

    def set(self, now: datetime) -> None:
        """Sets the time, forwards or back. The time must be aware."""
        self._native.set_time(_json.time_text(now))

    def advance(self, by: Seconds) -> None:
        """Moves the time forwards."""
        self._native.advance(by.total_seconds() if isinstance(by, timedelta) else by)

    def __repr__(self) -> str:
        return f"MockClock({self.now().isoformat()})"


def _named(identity: AnyIdentity) -> str:
    return _json.encode(plain(identity))


class _Mock(Held):
    """What a test does to a mock directory, beside the operations."""

    def __init__(
        self,
        *,
        domain: str | None = None,
        netbios_name: str | None = None,
        policy: MockPolicy | None = None,
        policy_hints: PolicyHintsSupport | None = None,
        refusals: Refusals | None = None,
        now: datetime | None = None,
        read_only: bool | None = None,
        referring: bool | None = None,
        banned_words: Sequence[str] | None = None,
        initiator: Initiator | None = None,
        history: History | None = None,
        allowed_subtrees: Sequence[str] | None = None,
        accepted_identities: Sequence[IdentityKind] | None = None,
        allow_self_service_on_protected: bool | None = None,
        allow_administrator_on_protected: bool | None = None,
        protected_groups: Sequence[str] | None = None,
        deadline: Seconds | None = None,
        grace: Seconds | None = None,
        confirm: bool | None = None,
        verify_by_bind: bool | None = None,
        resolve_by_bind: bool | None = None,
        rate_limit: RateLimits | None = None,
        audit: AuditCallback | None = None,
        audit_file: str | os.PathLike[str] | None = None,
        on_sink_failure: OnSinkFailure | None = None,
    ) -> None:
        """Makes a directory with the built-in accounts and groups of a new domain.

        Args:
            domain: The DNS name of the domain. Default: ``corp.example``.
            netbios_name: The NetBIOS name of the domain. Default: the first label of its DNS name, in capitals.
            policy: The policy of the domain. Default: that of a new domain.
            policy_hints: Which policy-hints control the domain controller offers. Default: ``current``.
            refusals: How the domain controller refuses a password. Default: ``windows``.
            now: The time of the domain controller. Default: 2026-01-01T00:00:00Z.
            read_only: Whether the domain controller says that it is read-only.
            referring: Whether the domain controller refers every write to another one.
            banned_words: Words that the domain controller's password filter refuses, in whatever case.
            initiator, history, allowed_subtrees, accepted_identities, allow_self_service_on_protected,
            allow_administrator_on_protected, protected_groups, deadline, grace, confirm, verify_by_bind, resolve_by_bind, rate_limit,
            audit, audit_file, on_sink_failure: As for :class:`ActiveDirectory`. Limits go by the directory's own clock.

        Raises:
            CallerError: ``CONFIGURATION``, naming the setting at fault.
        """
        rules = {
            "initiator": initiator,
            "history": history,
            "allowed_subtrees": allowed_subtrees,
            "accepted_identities": accepted_identities,
            "allow_self_service_on_protected": allow_self_service_on_protected,
            "allow_administrator_on_protected": allow_administrator_on_protected,
            "protected_groups": protected_groups,
            "deadline": deadline,
            "grace": grace,
            "confirm": confirm,
            "verify_by_bind": verify_by_bind,
            "resolve_by_bind": resolve_by_bind,
        }
        settings = {
            "domain": domain,
            "netbios_name": netbios_name,
            "policy": None if policy is None else _policy(policy),
            "policy_hints": policy_hints,
            "refusals": refusals,
            "now": now,
            "read_only": read_only,
            "referring": referring,
            "banned_words": banned_words,
            "rules": _json.without_none(rules),
            "layers": layers(rate_limit, audit_file, on_sink_failure),
        }
        self._native = _native.Directory.mock_directory(_json.encode(_json.without_none(settings)), Recorder(audit))
        self._clock = MockClock(self._native)

    @property
    def clock(self) -> MockClock:
        """The domain controller's clock."""
        return self._clock

    @conceals("password", several="former_passwords")
    def add_user(
        self,
        name: str,
        *,
        password: Password | None = None,
        former_passwords: Sequence[Password] = (),
        upn: str | None = None,
        common_name: str | None = None,
        display_name: str | None = None,
        container: str | None = None,
        guid: UUID | str | None = None,
        rid: int | None = None,
        consistency_guid: UUID | str | None = None,
        kind: MockUserKind | None = None,
        groups: Sequence[str] | None = None,
        primary_group: str | None = None,
        admin_count: int | None = None,
        secondary_krbtgt: int | None = None,
        password_age: Seconds | None = None,
        password_set_at: datetime | None = None,
        must_change: bool = False,
        disabled: bool = False,
        password_never_expires: bool = False,
        password_not_required: bool = False,
        smartcard_required: bool = False,
        cannot_change_password: bool = False,
        inheritance_broken: bool = False,
        expires_at: datetime | None = None,
        locked: bool = False,
        bad_passwords: int | None = None,
        without: Sequence[MockRight] | None = None,
    ) -> UUID:
        """Adds an account, and tells its objectGUID.

        An ordinary, enabled user with the password set ten days ago, unless said otherwise. It has no explicit user principal name, so
        it answers to ``name@domain``.

        Args:
            name: The sAMAccountName.
            password: The current password. Without one, none matches.
            former_passwords: Former passwords that the directory remembers, the oldest first.
            upn: An explicit user principal name. Several accounts may have the same one: then it is ambiguous.
            common_name: The name in the distinguished name. Default: the sAMAccountName.
            display_name: A display name.
            container: The container below the domain, such as ``OU=Staff,OU=People``. Default: ``CN=Users``.
            guid: Its objectGUID. Default: a random one.
            rid: Its relative identifier. Default: the next free one.
            consistency_guid: Its mS-DS-ConsistencyGuid, the source anchor that outlives a move between forests.
            kind: What it is. Default: ``user``.
            groups: Its groups; those that are not there are created, as global security groups.
            primary_group: Its primary group. Default: ``Domain Users``.
            admin_count: Its adminCount: 1 is the mark of accounts that are, or once were, in a protected group.
            secondary_krbtgt: Makes it the krbtgt of a read-only domain controller with this number.
            password_age: How long before now the password was set.
            password_set_at: When the password was set.
            must_change: The password must be changed at the next logon.
            disabled: Disabled.
            password_never_expires: Its password never expires.
            password_not_required: It needs no password: length, complexity and history do not apply.
            smartcard_required: It logs on with a smart card only.
            cannot_change_password: Its user cannot change the password.
            inheritance_broken: It inherits no rights from its container, so that delegated ones do not reach it.
            expires_at: When the account expires.
            locked: Locked out at this moment, whatever the policy.
            bad_passwords: How many bad passwords have just been counted.
            without: Rights on this one account that the service account does not have.

        Raises:
            CallerError: ``CONFIGURATION`` for what is taken, cannot be, or contradicts itself.
        """
        user = {
            "name": name,
            "upn": upn,
            "common_name": common_name,
            "display_name": display_name,
            "container": container,
            "guid": guid,
            "rid": rid,
            "consistency_guid": consistency_guid,
            "kind": kind,
            "groups": groups,
            "primary_group": primary_group,
            "admin_count": admin_count,
            "secondary_krbtgt": secondary_krbtgt,
            "password_age": password_age,
            "password_set_at": password_set_at,
            "must_change": must_change,
            "disabled": disabled,
            "password_never_expires": password_never_expires,
            "password_not_required": password_not_required,
            "smartcard_required": smartcard_required,
            "cannot_change_password": cannot_change_password,
            "inheritance_broken": inheritance_broken,
            "expires_at": expires_at,
            "locked": locked,
            "bad_passwords": bad_passwords,
            "without": without,
        }
        return UUID(self._native.add_user(_json.encode(_json.without_none(user)), password, list(former_passwords)))

    def add_group(
        self,
        name: str,
        *,
        scope: GroupScope | None = None,
        distribution: bool = False,
        rid: int | None = None,
        member_of: Sequence[str] | None = None,
    ) -> str:
        """Adds a group, and tells its SID: a global security group, unless said otherwise.

        Args:
            name: Its name.
            scope: Its scope. Default: ``global``.
            distribution: Whether it is a distribution group, which is in nobody's token.
            rid: Its relative identifier. Default: the next free one.
            member_of: The groups that it is a member of; those that are not there are created.
        """
        group = {"name": name, "scope": scope, "distribution": distribution, "rid": rid, "member_of": member_of}
        return self._native.add_group(_json.encode(_json.without_none(group)))

    def nest_group(self, member: str, group: str) -> None:
        """Makes one group a member of another. A circle is legal."""
        self._native.nest_group(member, group)

    def add_fine_grained_policy(
        self,
        name: str,
        precedence: int,
        policy: MockPolicy,
        *,
        users: Sequence[str] = (),
        groups: Sequence[str] = (),
        guid: UUID | str | None = None,
    ) -> UUID:
        """Adds a fine-grained policy, linked to users and groups by name, and tells its objectGUID. Lower precedence wins."""
        told = {
            "name": name,
            "precedence": precedence,
            "policy": _policy(policy),
            "users": users,
            "groups": groups,
            "guid": guid,
        }
        return UUID(self._native.add_fine_grained_policy(_json.encode(_json.without_none(told))))

    def set_policy(self, policy: MockPolicy) -> None:
        """Replaces the policy of the domain."""
        self._native.set_policy(_json.encode(_policy(policy)))

    def move_user(self, identity: AnyIdentity, container: str) -> None:
        """Moves an account to another container below the domain, such as ``OU=Leavers``."""
        self._native.move_user(_named(identity), container)

    def remove_user(self, identity: AnyIdentity) -> None:
        """Deletes an account."""
        self._native.remove_user(_named(identity))

    def revoke(self, right: MockRight) -> None:
        """Takes a right from the service account, on every account."""
        self._native.revoke(right, None)

    def grant(self, right: MockRight) -> None:
        """Gives a right back that :meth:`revoke` took."""
        self._native.grant(right, None)

    def revoke_on(self, identity: AnyIdentity, right: MockRight) -> None:
        """Takes a right from the service account, on one account."""
        self._native.revoke(right, _named(identity))

    def grant_on(self, identity: AnyIdentity, right: MockRight) -> None:
        """Gives a right on one account back."""
        self._native.grant(right, _named(identity))

    def protect_administrators(self) -> None:
        """Does what Active Directory does every hour for members of protected groups: sets adminCount, and takes the delegated rights
        on them from the service account.
        """
        self._native.protect_administrators()

    def fail_next(self, fault: AnyFault) -> None:
        """Arms a fault that strikes once."""
        self._arm(fault, 1)

    def fail_times(self, times: int, fault: AnyFault) -> None:
        """Arms a fault that strikes so many times."""
        self._arm(fault, times)

    def fail_always(self, fault: AnyFault) -> None:
        """Arms a fault that strikes every time."""
        self._arm(fault, None)

    def _arm(self, fault: AnyFault, times: int | None) -> None:
        given = fault if isinstance(fault, Fault) else Fault(fault)
        self._native.fail(given._text(), given._password, times)

    def clear_faults(self) -> None:
        """Disarms every fault."""
        self._native.clear_faults()

    def come_back(self) -> None:
        """Makes a domain controller that is gone answer again."""
        self._native.come_back()

    def account(self, identity: AnyIdentity) -> MockAccount | None:
        """An account as it is stored; ``None`` where there is none of this identity, or several."""
        text = self._native.account(_named(identity))
        return None if text is None else MockAccount.from_json(text)

    @conceals("password")
    def verify_password(self, identity: AnyIdentity, password: Password) -> bool:
        """Whether this is the account's password. It leaves nothing behind, and a lockout makes no difference."""
        return self._native.verify_password(_named(identity), password)

    @conceals("password")
    def bind(self, identity: AnyIdentity, password: Password) -> BindAnswer:
        """Logs a user on: a wrong password is counted and can lock the account, a right one clears the count."""
        return self._native.bind(_named(identity), password)

    def bad_password_count(self, identity: AnyIdentity) -> int:
        """How many bad passwords are counted; 0 for an account that is not there."""
        return self._native.bad_password_count(_named(identity))

    @property
    def writes(self) -> int:
        """How many modifications the directory has carried out for this library."""
        return self._native.writes()

    @property
    def pending_faults(self) -> int:
        """How many faults are armed yet, so that a test can see that all have struck."""
        return self._native.pending_faults()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'closed' if self.closed else ''})"


def _policy(policy: MockPolicy) -> dict[str, object]:
    return _json.without_none(vars(policy))


class MockDirectory(_Mock, SyncOperations):
    """A directory in memory that obeys Active Directory's rules; each call waits for its answer. See :mod:`password_writeback.mock`."""


class AsyncMockDirectory(_Mock, AsyncOperations):
    """A directory in memory that obeys Active Directory's rules, for asyncio. Setting it up and looking into it needs no waiting."""

"""A program that uses everything, for the type checker and to be run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn
from uuid import UUID

from password_writeback import (
    Account,
    AccountError,
    ActiveDirectory,
    AsyncActiveDirectory,
    AsyncMockDirectory,
    AsyncPasswordWriteback,
    AuditEvent,
    CallerError,
    ChannelError,
    Check,
    Command,
    Diagnosis,
    DirectoryError,
    Fault,
    Identity,
    Limit,
    MockAccount,
    MockClock,
    MockDirectory,
    MockPolicy,
    OutcomeError,
    PasswordPolicy,
    PasswordWriteback,
    PolicyError,
    PolicySource,
    ProtectionError,
    RateLimits,
    Receipt,
    ResetRequest,
    ResetResult,
    ServiceAccountError,
    Verdict,
    Violation,
    WritebackError,
)
from password_writeback.words import Code, ErrorKind, History, Initiator, Operation, Outcome, Unlock

events: list[AuditEvent] = []


def real(ca_file: Path | str) -> ActiveDirectory:
    """A real directory, with every setting."""
    return ActiveDirectory(
        servers=["ldaps://dc1.corp.example", "ldap://dc2.corp.example"],
        bind_user="svc-writeback@corp.example",
        bind_password=lambda: bytearray(b"from the vault"),
        ca_file=ca_file,
        connect_timeout=timedelta(seconds=3),
        warm_connections=2,
        initiator="administrator",
        history="if_supported",
        allowed_subtrees=["OU=Staff,DC=corp,DC=example"],
        accepted_identities=["upn", "source_anchor"],
        allow_self_service_on_protected=False,
        allow_administrator_on_protected=False,
        protected_groups=["S-1-5-21-1-2-3-1105"],
        deadline=20.0,
        grace=1,
        confirm=False,
        verify_by_bind=False,
        resolve_by_bind=True,
        rate_limit=RateLimits(per_account=Limit(5, timedelta(hours=1)), total=Limit(100, 1.0)),
        audit=events.append,
        audit_file=Path("audit.jsonl"),
        on_sink_failure="continue",
    )


def discovered() -> ActiveDirectory:
    """A real directory whose domain controllers DNS names."""
    return ActiveDirectory(
        domain="corp.example",
        dns_servers=["10.0.0.53"],
        site="Branch",
        start_tls=True,
        bind_user="svc-writeback@corp.example",
        bind_password="x",
    )


def every_operation(directory: PasswordWriteback) -> None:
    """Works with whichever directory there is."""
    history: History = "off"
    unlock: Unlock = "if_permitted"
    who: Initiator = "administrator"
    receipt: Receipt = directory.reset_password(
        "alice", "New-Passw0rd-2", unlock=unlock, require_change=True, history=history, initiator=who,
        actor=Identity.upn("helpdesk@corp.example"), correlation_id="ticket-7", deadline=timedelta(seconds=9),
    )  # fmt: skip
    done: Operation = receipt.operation
    when: datetime | None = receipt.password_last_set
    print(done, when, receipt.account.object_guid, receipt.warnings, receipt.verification, receipt.history)
    changed: Receipt = directory.change_password("alice", bytearray(b"New-Passw0rd-2"), bytearray(b"Third-Passw0rd-3"))
    directory.unlock_account(Identity.guid(changed.account.object_guid))
    directory.require_password_change(Identity.sid(changed.account.object_sid))
    verdict: Verdict = directory.check_password("alice", "candidate")
    violations: list[Violation] = verdict.violations
    print([(violation.rule, violation.limit, violation.retry_at, violation.certainty) for violation in violations])
    account: Account = directory.find_account(Identity.source_anchor(changed.account.source_anchor))
    guid: UUID = account.object_guid
    policy: PasswordPolicy = directory.password_policy(Identity.dn(account.distinguished_name))
    source: PolicySource = policy.source
    oldest: timedelta | None = policy.max_age
    diagnosis: Diagnosis = directory.diagnose()
    checks: list[Check] = directory.diagnose(Identity.sam("alice"), canary=False).checks
    commands: list[Command] = checks[0].commands
    print(diagnosis.outcome, [command.tool for command in commands])
    print(guid, source.kind, source.detail, oldest, diagnosis.is_healthy, [check.fix for check in checks])
    assert Receipt.from_json(receipt.to_json()) == receipt
    every_result(directory)


def every_result(directory: PasswordWriteback) -> None:
    """Many at once."""
    requests = (
        ResetRequest(
            Identity.sam(name), bytearray(b"Fifth-Passw0rd-5"), unlock=True, require_change=False, history="off",
            initiator="administrator", actor="helpdesk", correlation_id=f"row-{name}", deadline=timedelta(seconds=9),
        )
        for name in ("alice", "nobody")
    )  # fmt: skip
    with contextlib.closing(directory.reset_many(requests, concurrency=4)) as results:
        for result in results:
            place: int = result.index
            done: Receipt | None = result.receipt
            failed: WritebackError | None = result.error
            print(place, result.identity, result.correlation_id, done, failed)


async def every_awaited_result(directory: AsyncPasswordWriteback) -> list[ResetResult]:
    """The same with coroutines."""

    async def requests() -> AsyncIterator[ResetRequest]:
        yield ResetRequest("alice", "Fifth-Passw0rd-5")

    async with contextlib.aclosing(directory.reset_many(requests())) as results:
        return [result async for result in results]


async def every_coroutine(directory: AsyncPasswordWriteback) -> Receipt:
    """The same with coroutines."""
    await directory.check_password("alice", "candidate")
    await directory.find_account("alice")
    await directory.password_policy("alice")
    await directory.diagnose("alice", canary=False)
    await directory.require_password_change("alice")
    await directory.change_password("alice", "Old-Passw0rd-1", "New-Passw0rd-2")
    await directory.unlock_account("alice")
    await every_awaited_result(directory)
    return await directory.reset_password("alice", bytearray(b"Third-Passw0rd-3"), history="off")


def told(error: WritebackError) -> str:
    """One class a kind, and everything typed."""
    code: Code = error.code
    outcome: Outcome = error.outcome
    kind: ErrorKind | None = error.kind
    parts: list[object] = [code, outcome, kind, error.message, error.violations, error.account, error.domain_controller]
    parts += [
        error.reason,
        error.missing_right,
        error.protection,
        error.result_code,
        error.win32,
        error.retry_at,
        error.microsoft_event,
    ]
    match error:
        case WritebackError(code="ACCOUNT_LOCKED", account=Account(locked_until=datetime() as until)):
            return f"not before {until:%H:%M}"
        case PolicyError() | AccountError() | ProtectionError():
            return f"the user: {parts}"
        case CallerError() | ServiceAccountError() | ChannelError() | DirectoryError() | OutcomeError():
            return f"the operator: {parts}"
        case _:
            return f"something new: {parts}"


def a_mock() -> MockDirectory:
    """A mock directory with something of everything."""
    directory = MockDirectory(
        policy=MockPolicy(min_length=8, min_age=timedelta(0)), policy_hints="current", history="off"
    )
    directory.add_group("Staff", scope="global")
    added: UUID = directory.add_user("alice", password="Old-Passw0rd-1", groups=["Staff"], locked=True)
    clock: MockClock = directory.clock
    clock.advance(timedelta(hours=1))
    clock.set(datetime(2026, 3, 1, tzinfo=timezone.utc))
    stored: MockAccount | None = directory.account("alice")
    assert stored is not None
    assert stored.guid == added
    return directory


def main() -> None:
    """Runs it all on mock directories."""
    with a_mock() as directory:
        every_operation(directory)
        directory.fail_next(Fault.slow("find", 0.01))
        directory.fail_next("unreachable")
        try:
            directory.find_account("alice")
        except WritebackError as error:
            print(told(error))

    async def awaiting() -> None:
        async with AsyncMockDirectory(policy=MockPolicy(lenient=True)) as directory:
            directory.add_user("alice", password="Old-Passw0rd-1")
            print(await every_coroutine(directory))

    asyncio.run(awaiting())


def never() -> NoReturn:
    """Only for the type checker."""
    AsyncActiveDirectory(servers=["ldaps://dc1"], bind_user="svc", bind_password="x", audit=print)
    raise SystemExit(0)


if __name__ == "__main__":
    main()

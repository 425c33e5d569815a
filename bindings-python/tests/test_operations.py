"""The operations, waiting and awaiting: what goes in, and what comes out."""

from __future__ import annotations

import asyncio
import copy
import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import AsyncMock, create_autospec
from uuid import UUID

import pytest
from conftest import NEW, OLD
from password_writeback import (
    Account,
    ActiveDirectory,
    AsyncActiveDirectory,
    AsyncMockDirectory,
    AsyncPasswordWriteback,
    AuditEvent,
    CallerError,
    Check,
    Diagnosis,
    Fault,
    Identity,
    MockDirectory,
    MockPolicy,
    PasswordPolicy,
    PasswordWriteback,
    PolicyError,
    Receipt,
    Verdict,
)

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_a_reset_gives_a_receipt(directory: MockDirectory) -> None:
    receipt = directory.reset_password("alice", NEW, unlock=True, require_change=False, correlation_id="c-1")
    assert (receipt.operation, receipt.correlation_id, receipt.history) == ("reset_password", "c-1", "enforced")
    assert receipt.account.sam_account_name == "alice"
    assert isinstance(receipt.account.object_guid, UUID)
    assert receipt.password_last_set == START
    assert receipt.warnings == []
    assert directory.verify_password("alice", NEW)
    assert not directory.verify_password("alice", OLD)


def test_a_change_needs_the_old_password(directory: MockDirectory) -> None:
    with pytest.raises(PolicyError) as caught:
        directory.change_password("alice", OLD, OLD)
    assert caught.value.violations[0].rule == "history"
    assert directory.change_password("alice", OLD, NEW).history == "enforced"


def test_unlock_and_required_change(directory: MockDirectory) -> None:
    directory.add_user("bob", password=OLD, locked=True)
    assert directory.unlock_account("bob").unlocked is True
    assert directory.require_password_change("bob").must_change_password is True
    account = directory.account("bob")
    assert account is not None
    assert (account.locked, account.must_change_password) == (False, True)


def test_what_is_read(directory: MockDirectory) -> None:
    account = directory.find_account("alice")
    assert account.password_last_set == START - timedelta(days=10)
    policy = directory.password_policy("alice")
    assert (policy.min_length, policy.min_age, policy.source.kind) == (7, timedelta(days=1), "domain")
    verdict = directory.check_password("alice", "short")
    assert (verdict.acceptable, verdict.violations[0].rule) == ("no", "min_length")
    diagnosis = directory.diagnose("alice")
    assert diagnosis.is_healthy
    assert {check.status for check in directory.diagnose().checks} <= {"ok", "warning"}


def test_a_diagnosis_has_commands_and_a_canary() -> None:
    with MockDirectory() as directory:
        directory.add_user("alice", password=OLD, without=["reset password"])
        directory.add_user("wb-canary", password=OLD)
        sick = directory.diagnose("alice")
        assert (sick.is_healthy, sick.outcome) == (False, None)
        found = next(check for check in sick.checks if check.name == "reset_right")
        assert found.status == "failed"
        assert [command.tool for command in found.commands] == ["dsacls", "powershell", "samba_tool"]
        assert found.commands[0].command.startswith('dsacls "CN=Users,DC=corp,DC=example"')
        proven = directory.diagnose("wb-canary", canary=True)
        assert (proven.is_healthy, proven.outcome) == (True, "applied")
        assert not directory.verify_password("wb-canary", OLD)
        assert directory.diagnose("alice", canary=True).outcome == "not_applied"
        assert directory.verify_password("alice", OLD)
        with pytest.raises(CallerError):
            directory.diagnose(canary=True)


@pytest.mark.parametrize(
    "identity",
    [
        "alice",
        "CORP\\alice",
        "alice@corp.example",
        Identity("alice"),
        Identity.sam("alice"),
        Identity.upn("alice@corp.example"),
        Identity.dn("CN=alice,CN=Users,DC=corp,DC=example"),
    ],
)
def test_an_account_has_many_names(directory: MockDirectory, identity: str | Identity) -> None:
    account = directory.find_account(identity)
    for other in (
        Identity.guid(account.object_guid),
        Identity.guid(str(account.object_guid)),
        Identity.sid(account.object_sid),
        Identity.source_anchor(account.source_anchor),
    ):
        assert directory.find_account(other) == account
        assert directory.account(other) is not None


async def test_coroutines_do_the_same() -> None:
    async with AsyncMockDirectory(history="if_supported") as directory:
        directory.add_user("alice", password=OLD, locked=True)
        assert (await directory.find_account("alice")).locked
        assert (await directory.password_policy("alice")).min_length == 7
        assert (await directory.check_password("alice", NEW)).acceptable == "yes"
        assert (await directory.unlock_account("alice")).unlocked
        assert (await directory.reset_password("alice", bytearray(NEW, "utf-8"))).operation == "reset_password"
        directory.clock.advance(timedelta(days=2))
        assert (await directory.change_password("alice", NEW, "Third-Passw0rd-3")).verification == "re_read"
        assert (await directory.require_password_change("alice")).must_change_password
        assert (await directory.diagnose("alice")).is_healthy
        with pytest.raises(PolicyError):
            await directory.reset_password("alice", "x")
    with pytest.raises(CallerError, match="closed"):
        await directory.find_account("alice")


def test_who_asks_and_how_long_it_may_take(directory: MockDirectory, events: list[AuditEvent]) -> None:
    directory.reset_password(
        "alice",
        NEW,
        initiator="administrator",
        actor=Identity.sam("helpdesk"),
        deadline=timedelta(seconds=5),
        history="off",
    )
    assert (events[0].initiator, events[0].actor) == ("administrator", "helpdesk")
    directory.fail_next("unreachable")
    with pytest.raises(Exception, match="UNREACHABLE"):
        directory.find_account("alice", deadline=1)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"history": "always"}, "CONFIGURATION"),
        ({"unlock": "perhaps"}, "CONFIGURATION"),
        ({"deadline": 0}, "CONFIGURATION"),
        ({"deadline": float("nan")}, "CONFIGURATION"),
        ({"initiator": "nobody"}, "CONFIGURATION"),
    ],
)
def test_wrong_options_are_refused(directory: MockDirectory, options: dict[str, object], code: str) -> None:
    with pytest.raises(CallerError) as caught:
        directory.reset_password("alice", NEW, **options)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.outcome) == (code, "not_applied")
    with pytest.raises(TypeError, match="unlok"):
        directory.reset_password("alice", NEW, unlok=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="not understood"):
        directory.reset_password("alice", NEW, unlock=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str or bytearray, not int"):
        directory.reset_password("alice", 5)  # type: ignore[arg-type]


def test_a_closed_directory_says_so(directory: MockDirectory) -> None:
    assert not directory.closed
    directory.close()
    directory.close()
    assert directory.closed
    for use in (
        lambda: directory.reset_password("alice", NEW),
        directory.diagnose,
        lambda: directory.account("alice"),
        directory.clock.now,
    ):
        with pytest.raises(CallerError, match="closed") as caught:
            use()
        assert caught.value.code == "CONFIGURATION"
    assert repr(directory) == "MockDirectory(closed)"


def test_all_of_them_are_password_writeback() -> None:
    for kind in (ActiveDirectory, MockDirectory, AsyncActiveDirectory, AsyncMockDirectory):
        assert issubclass(kind, PasswordWriteback)
    assert isinstance(MockDirectory(), PasswordWriteback)
    assert isinstance(AsyncMockDirectory(), PasswordWriteback)
    assert isinstance(AsyncMockDirectory(), AsyncPasswordWriteback)
    assert not isinstance(MockDirectory(), AsyncPasswordWriteback)


def test_settings_are_checked_when_they_are_given() -> None:
    with pytest.raises(CallerError, match="servers"):
        ActiveDirectory(servers=[], bind_user="svc", bind_password="x")
    with pytest.raises(CallerError, match="servers, domain: both"):
        ActiveDirectory(servers=["ldaps://dc1"], domain="corp.example", bind_user="svc", bind_password="x")
    with pytest.raises(CallerError, match="servers, domain: none"):
        ActiveDirectory(bind_user="svc", bind_password="x")
    with pytest.raises(CallerError, match="dns_servers"):
        ActiveDirectory(domain="corp.example", dns_servers=["ns1"], bind_user="svc", bind_password="x")
    discovered = ActiveDirectory(
        domain="corp.example",
        dns_servers=["10.0.0.53"],
        site="Branch",
        start_tls=True,
        bind_user="svc",
        bind_password="x",
    )
    assert repr(discovered) == "ActiveDirectory(domain='corp.example', bind_user='svc')"
    with pytest.raises(CallerError, match="bind_password"):
        ActiveDirectory(servers=["ldaps://dc1"], bind_user="svc", bind_password="")
    with pytest.raises(CallerError, match="ca_file"):
        ActiveDirectory(servers=["ldaps://dc1"], bind_user="svc", bind_password="x", ca_file="/nowhere.pem")
    with pytest.raises(CallerError, match="principal"):
        ActiveDirectory(servers=["ldaps://dc1"], keytab=Path("svc.keytab"))
    with pytest.raises(CallerError, match="exactly one"):
        ActiveDirectory(servers=["ldaps://dc1"], bind_user="svc", bind_password="x", credential_cache=True)
    with pytest.raises(CallerError, match="IP address"):
        ActiveDirectory(servers=["ldaps://10.0.0.1"], credential_cache=True)
    with pytest.raises(CallerError, match="allowed_subtrees"):
        MockDirectory(allowed_subtrees=["nonsense"])
    with pytest.raises(CallerError, match="on_sink_failure"):
        MockDirectory(on_sink_failure="shrug")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="polisy"):
        MockDirectory(polisy=MockPolicy())  # type: ignore[call-arg]


def test_every_rule_has_its_name() -> None:
    directory = MockDirectory(
        initiator="administrator",
        history="off",
        allowed_subtrees=["DC=corp,DC=example"],
        accepted_identities=["sam"],
        allow_self_service_on_protected=True,
        allow_administrator_on_protected=True,
        protected_groups=["S-1-5-21-1-2-3-4"],
        deadline=timedelta(seconds=10),
        grace=0.5,
        confirm=False,
        verify_by_bind=True,
        resolve_by_bind=False,
    )
    directory.add_user("alice", password=OLD)
    receipt = directory.reset_password("alice", NEW)
    assert (receipt.history, receipt.verification) == ("not_enforced", "bind")
    with pytest.raises(CallerError) as caught:
        directory.find_account("alice@corp.example")
    assert (caught.value.code, caught.value.reason) == ("INVALID_IDENTITY", "not_accepted")


def test_results_travel(directory: MockDirectory) -> None:
    results = [
        directory.reset_password("alice", NEW),
        directory.find_account("alice"),
        directory.password_policy("alice"),
        directory.check_password("alice", "x"),
        directory.diagnose("alice"),
        directory.diagnose("alice").checks[0],
    ]
    kinds = [Receipt, Account, PasswordPolicy, Verdict, Diagnosis, Check]
    for result, kind in zip(results, kinds, strict=True):
        assert type(result) is kind
        assert kind.from_json(result.to_json()) == result
        assert pickle.loads(pickle.dumps(result)) == result
        assert copy.deepcopy(result) == result
        assert hash(copy.deepcopy(result)) == hash(result)
        assert repr(result).startswith(f"{kind.__name__}(")
        with pytest.raises(AttributeError):
            result.anything = 1  # type: ignore[attr-defined]


def test_a_double_is_awaited_as_the_original_is() -> None:
    double = create_autospec(AsyncMockDirectory)
    for name in ("reset_password", "change_password", "check_password", "find_account"):
        assert isinstance(getattr(double, name), AsyncMock), name


def test_results_differ_by_value(directory: MockDirectory) -> None:
    alice, bob = directory.find_account("alice"), directory.find_account("Administrator")
    assert len({alice, bob, directory.find_account("CORP\\alice")}) == 2
    stored = directory.account("alice")
    assert stored is not None
    assert len({stored, directory.account("alice")}) == 1
    assert {Identity.sam("alice"): 1}[Identity.sam("alice")] == 1
    assert Identity.sam("alice") != Identity("alice")


LONE = "al\ud800ice"


@pytest.mark.parametrize("identity", [LONE, Identity(LONE), Identity.upn(LONE), Identity.dn(LONE)])
def test_an_identity_that_is_not_unicode_is_invalid(directory: MockDirectory, identity: str | Identity) -> None:
    uses: list[Callable[[], object]] = [
        lambda: directory.reset_password(identity, NEW),
        lambda: directory.change_password(identity, OLD, NEW),
        lambda: directory.unlock_account(identity),
        lambda: directory.require_password_change(identity),
        lambda: directory.check_password(identity, NEW),
        lambda: directory.find_account(identity),
        lambda: directory.password_policy(identity),
        lambda: directory.diagnose(identity),
        lambda: directory.find_account("alice", actor=identity),
        lambda: directory.account(identity),
        lambda: directory.bind(identity, OLD),
        lambda: directory.verify_password(identity, OLD),
        lambda: directory.remove_user(identity),
    ]
    for use in uses:
        with pytest.raises(CallerError) as caught:
            use()
        error = caught.value
        assert (error.code, error.reason, error.outcome) == ("INVALID_IDENTITY", "not_unicode", "not_applied")
    assert directory.writes == 0


def test_unlocked_tells_what_was_done(directory: MockDirectory) -> None:
    directory.add_user("bob", password=OLD, bad_passwords=2)
    assert directory.unlock_account("bob").unlocked
    assert directory.bad_password_count("bob") == 0
    assert directory.unlock_account("bob").unlocked
    assert directory.reset_password("bob", NEW, unlock=True).unlocked
    assert not directory.require_password_change("bob").unlocked


def test_leaving_closes_and_entering_again_does_not_open(directory: MockDirectory) -> None:
    with directory:
        directory.find_account("alice")
    assert directory.closed
    with directory, pytest.raises(CallerError, match="closed"):
        directory.find_account("alice")
    with pytest.raises(ZeroDivisionError), MockDirectory() as other:
        raise ZeroDivisionError
    assert other.closed


def test_operations_under_way_survive_a_close() -> None:
    directory = MockDirectory()
    directory.add_user("alice", password=OLD)
    directory.fail_next(Fault.slow("write", 2))
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(directory.reset_password, "alice", NEW)
        while directory.pending_faults:
            time.sleep(0.01)
        directory.close()
        assert under_way.result(timeout=30).verification == "re_read"


def test_one_directory_serves_several_event_loops() -> None:
    directory = AsyncMockDirectory()
    directory.add_user("alice", password=OLD)

    async def look() -> str:
        accounts = await asyncio.gather(*(directory.find_account("alice") for _ in range(5)))
        return accounts[0].sam_account_name

    assert [asyncio.run(look()), asyncio.run(look())] == ["alice", "alice"]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: asyncio.run(look()), range(8))) == ["alice"] * 8


def test_a_directory_cannot_be_pickled(directory: MockDirectory) -> None:
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(directory)

"""The mock directory as a test suite uses it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from conftest import NEW, OLD
from password_writeback import (
    AccountError,
    CallerError,
    DirectoryError,
    Fault,
    Identity,
    MockDirectory,
    MockPolicy,
    PolicyError,
    ProtectionError,
    ServiceAccountError,
    WritebackError,
)


def test_three_lines_set_it_up() -> None:
    directory = MockDirectory()
    directory.add_user("alice", password=OLD)
    assert directory.reset_password("alice", NEW).operation == "reset_password"


def test_the_clock_is_the_tests(directory: MockDirectory) -> None:
    assert directory.clock.now() == datetime(2026, 1, 1, tzinfo=timezone.utc)
    directory.reset_password("alice", NEW)
    with pytest.raises(PolicyError) as young:
        directory.change_password("alice", NEW, "Third-Passw0rd-3")
    assert young.value.violations[0].retry_at == datetime(2026, 1, 2, tzinfo=timezone.utc)
    directory.clock.advance(timedelta(days=1))
    directory.change_password("alice", NEW, "Third-Passw0rd-3")
    directory.clock.set(datetime(2027, 6, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2))))
    assert directory.clock.now() == datetime(2027, 6, 1, 10, 30, 0, 123456, tzinfo=timezone.utc)
    assert directory.find_account("alice").password_expired
    assert repr(directory.clock) == "MockClock(2027-06-01T10:30:00.123456+00:00)"
    directory.clock.advance(0.5)
    with pytest.raises(ValueError, match="naive"):
        directory.clock.set(datetime(2027, 1, 1))
    with pytest.raises(CallerError):
        directory.clock.advance(-1)


def test_policies_and_lockouts() -> None:
    strict = MockPolicy(min_length=12, lockout_threshold=2, lockout_duration=timedelta(minutes=30), lockout_window=1800)
    with MockDirectory(
        policy=strict, domain="other.example", netbios_name="OTH", now=datetime(2030, 1, 1, tzinfo=timezone.utc)
    ) as d:
        d.add_user("bob", password=OLD, groups=["Staff"])
        for _ in range(2):
            with pytest.raises(AccountError, match="WRONG_PASSWORD"):
                d.change_password("OTH\\bob", "Wr0ng-password", NEW)
        assert d.find_account("bob@other.example").locked_until == datetime(2030, 1, 1, 0, 30, tzinfo=timezone.utc)
        assert d.bind("bob", OLD) == "775"
        d.unlock_account("bob")
        assert (d.bind("bob", OLD), d.bind("bob", "no"), d.bad_password_count("bob")) == ("0", "52e", 1)
        d.set_policy(MockPolicy(lenient=True))
        d.reset_password("bob", "x")
        d.add_fine_grained_policy("long", 1, MockPolicy(min_length=30), groups=["Staff"])
        assert d.password_policy("bob").source.kind == "fine_grained"
        assert "CN=long" in str(d.password_policy("bob").source.detail)
        d.add_fine_grained_policy("longer", 9, MockPolicy(min_length=40), users=["bob"], guid=uuid4())
        assert d.password_policy("bob").min_length == 40


def test_accounts_of_every_sort(directory: MockDirectory) -> None:
    guid, anchor = uuid4(), uuid4()
    added = directory.add_user(
        "carol",
        password=OLD,
        former_passwords=["F1rst-Password", bytearray(b"Sec0nd-Password")],
        upn="c@corp.example",
        display_name="Carol C.",
        container="OU=Staff,OU=People",
        guid=guid,
        rid=4711,
        consistency_guid=anchor,
        groups=["Staff"],
        password_set_at=datetime(2025, 12, 1, tzinfo=timezone.utc),
        expires_at=datetime(2026, 5, 1, tzinfo=timezone.utc),
        bad_passwords=1,
        without=["read displayName"],
        common_name="Carol",
    )
    assert added == guid
    account = directory.find_account(Identity.upn("c@corp.example"))
    assert account.distinguished_name == "CN=Carol,OU=Staff,OU=People,DC=corp,DC=example"
    assert account.object_sid.endswith("-4711")
    assert account.account_expires_at == datetime(2026, 5, 1, tzinfo=timezone.utc)
    with pytest.raises(PolicyError):
        directory.reset_password("carol", "Sec0nd-Password")
    stored = directory.account("carol")
    assert stored is not None
    assert (stored.guid, stored.bad_password_count) == (guid, 1)
    assert isinstance(stored.password_last_set, datetime)
    directory.move_user("carol", "OU=Leavers")
    assert "OU=Leavers" in directory.find_account("carol").distinguished_name
    directory.remove_user("carol")
    assert directory.account("carol") is None
    for kind in ("computer", "domain_controller", "managed_service_account", "group_managed_service_account", "trust"):
        directory.add_user(f"{kind[:15]}$", password=OLD, kind=kind)
        with pytest.raises(WritebackError) as caught:
            directory.reset_password(f"{kind[:15]}$", NEW)
        assert caught.value.code in ("PROTECTED_ACCOUNT", "ACCOUNT_NOT_FOUND")
    with pytest.raises(CallerError):
        directory.add_user("alice")
    with pytest.raises(CallerError):
        directory.add_user("dave", must_change=True, password_age=5)


def test_groups_and_protection(directory: MockDirectory) -> None:
    sid = directory.add_group("Crown", rid=7000, member_of=["Domain Admins"])
    assert sid.endswith("-7000")
    directory.add_group("News", distribution=True, scope="universal")
    directory.add_group("Inner")
    directory.nest_group("Inner", "Crown")
    directory.add_user("eve", password=OLD, groups=["Inner"])
    with pytest.raises(ProtectionError) as caught:
        directory.reset_password("eve", NEW)
    assert caught.value.protection == "protected_group"
    directory.protect_administrators()
    stored = directory.account("eve")
    assert stored is not None
    assert stored.admin_count == 1


def test_rights(directory: MockDirectory) -> None:
    directory.revoke_on("alice", "write lockoutTime")
    with pytest.raises(ServiceAccountError) as caught:
        directory.unlock_account("alice")
    assert caught.value.missing_right == "write lockoutTime"
    assert directory.reset_password("alice", NEW, unlock="if_permitted", history="off").warnings in (
        [],
        ["unlock_not_permitted"],
    )
    directory.grant_on("alice", "write lockoutTime")
    directory.unlock_account("alice")
    with pytest.raises(AccountError):
        directory.revoke_on("nobody", "write lockoutTime")


FAULTS: list[tuple[Fault | str, str, str]] = [
    ("unreachable", "UNREACHABLE", "not_applied"),
    (Fault.unreachable(), "UNREACHABLE", "not_applied"),
    (Fault.tls("certificate_expired"), "TLS", "not_applied"),
    (Fault.bind_failed("locked_out"), "BIND_FAILED", "not_applied"),
    (Fault.read_only(), "READ_ONLY_DIRECTORY", "not_applied"),
    (Fault.cut("find"), "UNREACHABLE", "not_applied"),
    (Fault.refuse(53, "0000001F: SvcErr: DSID-031A1254, problem 5003"), "DIRECTORY", "not_applied"),
    (Fault.fail("find", DirectoryError("odd", code="MALFORMED_REPLY")), "MALFORMED_REPLY", "not_applied"),
    (Fault.gone_after(applied=True), "OUTCOME_UNKNOWN", "unknown"),
    (Fault.gone_after(applied=False), "OUTCOME_UNKNOWN", "unknown"),
]


@pytest.mark.parametrize(("fault", "code", "outcome"), FAULTS, ids=[str(getattr(f, "kind", f)) for f, _, _ in FAULTS])
def test_faults_fail(fault: Fault | str, code: str, outcome: str) -> None:
    with MockDirectory(grace=0.1, deadline=6) as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_next(fault)
        with pytest.raises(WritebackError) as caught:
            directory.reset_password("alice", NEW)
        assert (caught.value.code, caught.value.outcome) == (code, outcome)
        assert directory.pending_faults == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault.cut_before_write(),
        Fault.cut_after_request(applied=True),
        Fault.applied_late(0.2),
        Fault.cut_after_reply(),
        Fault.slow("policy", timedelta(milliseconds=50)),
    ],
    ids=lambda fault: fault.kind,
)
def test_faults_are_overcome(fault: Fault) -> None:
    with MockDirectory(grace=0.5) as directory:
        directory.add_user("alice", password=OLD)
        directory.fail_next(fault)
        try:
            receipt = directory.reset_password("alice", NEW)
            assert directory.verify_password("alice", NEW)
            assert receipt.operation == "reset_password"
        except WritebackError as error:
            assert error.outcome == "not_applied"
            assert not directory.verify_password("alice", NEW)


def test_faults_can_be_counted_and_cleared(directory: MockDirectory) -> None:
    directory.fail_times(2, "unreachable")
    for _ in range(2):
        with pytest.raises(DirectoryError):
            directory.find_account("alice")
    directory.find_account("alice")
    directory.fail_always(Fault.read_only())
    assert directory.pending_faults == 1
    directory.clear_faults()
    directory.find_account("alice")
    for wrong in ("nonsense", "slow", Fault("tls", {"reason": "odd"})):
        with pytest.raises(CallerError, match="fault"):
            directory.fail_next(wrong)


def test_another_writer(directory: MockDirectory) -> None:
    directory.fail_next(Fault.other_writer("read_back", "Other-Passw0rd-9"))
    directory.reset_password("alice", NEW)
    assert directory.verify_password("alice", "Other-Passw0rd-9")


def test_old_servers(directory: MockDirectory) -> None:
    del directory
    with MockDirectory(policy_hints="absent", banned_words=["acme"]) as old:
        old.add_user("alice", password=OLD)
        with pytest.raises(PolicyError, match="if_supported"):
            old.reset_password("alice", NEW)
        assert old.reset_password("alice", NEW, history="if_supported").history == "not_enforced"
        with pytest.raises(PolicyError):
            old.reset_password("alice", "My-ACME-Passw0rd", history="off")
    for settings in ({"read_only": True}, {"referring": True}):
        with MockDirectory(**settings) as read_only:  # type: ignore[arg-type]
            read_only.add_user("alice", password=OLD)
            with pytest.raises(DirectoryError, match="READ_ONLY_DIRECTORY"):
                read_only.reset_password("alice", NEW)


def test_uuid_types(directory: MockDirectory) -> None:
    assert isinstance(directory.add_user("frank"), UUID)
    assert isinstance(directory.add_fine_grained_policy("p", 1, MockPolicy()), UUID)

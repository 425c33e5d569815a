"""The exceptions: one class a kind, with everything the core knows, and fit to travel."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Callable

import password_writeback as pw
import pytest
from conftest import NEW, OLD
from password_writeback import MockDirectory, MockPolicy, Violation, WritebackError, _native, errors, words


def test_every_kind_has_a_class() -> None:
    for code, kind, event in _native.codes():
        error = WritebackError("m", code=code)
        assert type(error).__name__ == "".join(part.capitalize() for part in kind.split("_")) + "Error"
        assert isinstance(error, WritebackError)
        assert (error.kind, error.microsoft_event) == (kind, event)


def test_the_words_are_those_of_the_core() -> None:
    codes = [typing.get_args(literal)[0] for literal in typing.get_args(words.Code)]
    assert codes == [code for code, _, _ in _native.codes()]
    kinds = {typing.get_args(literal)[0] for literal in typing.get_args(words.ErrorKind)}
    assert kinds == {kind for _, kind, _ in _native.codes()}
    for setting, hint in (
        ("history", words.History),
        ("initiator", words.Initiator),
        ("policy_hints", words.PolicyHintsSupport),
        ("refusals", words.Refusals),
        ("on_sink_failure", words.OnSinkFailure),
    ):
        known = ", ".join(typing.get_args(literal)[0] for literal in typing.get_args(hint))
        with pytest.raises(pw.CallerError, match=f"not one of {known}"):
            MockDirectory(**{setting: "nonsense"})  # type: ignore[arg-type]
    for right in (typing.get_args(literal)[0] for literal in typing.get_args(words.MockRight)):
        MockDirectory().revoke(right)


def test_an_unknown_code_of_a_later_version_is_still_an_error() -> None:
    error = WritebackError.from_json('{"code": "LATER", "outcome": "unknown", "message": "m", "more": 1}')
    assert type(error) is WritebackError
    assert (error.code, error.outcome) == ("LATER", "unknown")
    assert (error.kind, error.microsoft_event) == (None, None)
    assert pickle.loads(pickle.dumps(error)).code == "LATER"


def test_details_are_typed(directory: MockDirectory) -> None:
    with pytest.raises(pw.AccountError) as not_found:
        directory.find_account("nobody")
    assert (not_found.value.code, not_found.value.outcome, not_found.value.violations) == (
        "ACCOUNT_NOT_FOUND",
        "not_applied",
        [],
    )
    with pytest.raises(pw.ProtectionError) as protected:
        directory.reset_password("Administrator", NEW, initiator="administrator")
    assert protected.value.protection == "protected_group"
    directory.revoke("reset password")
    with pytest.raises(pw.ServiceAccountError) as denied:
        directory.reset_password("alice", NEW)
    assert denied.value.missing_right == "reset password"
    assert denied.value.account is not None
    assert denied.value.account.sam_account_name == "alice"
    directory.grant("reset password")
    directory.fail_next(pw.Fault.tls("wrong_name"))
    with pytest.raises(pw.ChannelError) as channel:
        directory.find_account("alice")
    assert channel.value.reason == "wrong_name"
    directory.fail_next("unreachable")
    with pytest.raises(pw.DirectoryError) as unreachable:
        directory.find_account("alice")
    assert unreachable.value.code == "UNREACHABLE"


def test_violations_are_typed() -> None:
    directory = MockDirectory(policy=MockPolicy(min_length=12), refusals="stated")
    directory.add_user("bob", password=OLD)
    with pytest.raises(pw.PolicyError) as caught:
        directory.change_password("bob", OLD, "Sh0rt-one")
    error = caught.value
    assert (error.code, error.outcome) == ("POLICY_VIOLATION", "not_applied")
    assert [(v.rule, v.limit, v.certainty) for v in error.violations] == [("min_length", 12, "stated")]


def test_an_unknown_outcome_says_so() -> None:
    directory = MockDirectory(grace=0.2, deadline=6, resolve_by_bind=False)
    directory.add_user("alice", password=OLD)
    directory.fail_next(pw.Fault.gone_after(applied=True))
    with pytest.raises(pw.OutcomeError) as caught:
        directory.reset_password("alice", NEW)
    assert (caught.value.code, caught.value.outcome) == ("OUTCOME_UNKNOWN", "unknown")
    directory.come_back()
    assert directory.verify_password("alice", NEW)


def test_errors_travel(directory: MockDirectory) -> None:
    with pytest.raises(pw.PolicyError) as caught:
        directory.reset_password("alice", "x")
    error = caught.value
    for other in (
        pickle.loads(pickle.dumps(error)),
        copy.copy(error),
        copy.deepcopy(error),
        WritebackError.from_json(error.to_json()),
    ):
        assert type(other) is pw.PolicyError
        assert vars(other) == vars(error)
        assert str(other) == str(error)
    assert str(error).endswith("[POLICY_VIOLATION, not_applied]")
    assert repr(error).startswith("PolicyError(")


def test_errors_can_be_matched(directory: MockDirectory) -> None:
    def told(use: Callable[[], object]) -> str:
        try:
            use()
        except WritebackError as error:
            match error:
                case pw.PolicyError(violations=[Violation(rule="min_length", limit=limit)]):
                    return f"at least {limit}"
                case WritebackError(code="ACCOUNT_NOT_FOUND"):
                    return "nobody"
        return "done"

    assert told(lambda: directory.check_password("nobody", NEW)) == "nobody"
    directory.set_policy(MockPolicy(min_length=12, complexity=False))
    assert told(lambda: directory.reset_password("alice", "short")) == "at least 12"
    assert told(lambda: directory.reset_password("alice", "long-enough-by-now")) == "done"


def test_errors_stand_alone_whatever_happened_before(directory: MockDirectory) -> None:
    try:
        raise KeyError("S3cret-Marker")
    except KeyError:
        with pytest.raises(WritebackError) as caught:
            directory.find_account("nobody")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_an_error_can_be_made_for_a_test(directory: MockDirectory) -> None:
    assert type(WritebackError("m", code="TLS")) is errors.ChannelError
    error = pw.DirectoryError("the disk is full", code="DIRECTORY", result_code=80, win32=112)
    directory.fail_next(pw.Fault.fail("read", error))
    with pytest.raises(pw.DirectoryError, match="the disk is full") as caught:
        directory.reset_password("alice", NEW)
    assert (caught.value.result_code, caught.value.win32) == (80, 112)

"""Random passwords."""

from __future__ import annotations

import pytest
from password_writeback import CallerError, MockDirectory, MockPolicy, PasswordPolicy, PolicySource, generate_password


def test_it_satisfies_the_policy_of_the_account(directory: MockDirectory) -> None:
    directory.set_policy(MockPolicy(min_length=30))
    password = generate_password(directory.password_policy("alice"))
    assert isinstance(password, bytearray)
    assert len(password) == 30
    text = password.decode("ascii")
    directory.reset_password("alice", password, history="off", initiator="administrator")
    assert not any(password)
    assert directory.verify_password("alice", text)


def test_an_unknown_policy_gets_a_safe_password() -> None:
    policy = PasswordPolicy(source=PolicySource(kind="unknown", detail="no right"))
    passwords = {bytes(generate_password(policy)) for _ in range(100)}
    assert len(passwords) == 100
    assert {len(password) for password in passwords} == {20}


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(CallerError) as caught:
        generate_password(PasswordPolicy(source=PolicySource(kind="domain"), min_length=300))
    assert caught.value.code == "UNSUPPORTED"

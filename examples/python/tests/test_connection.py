"""What a bind at several domain controllers proves, and what a mock directory has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest
from password_writeback import AnyIdentity, AsyncMockDirectory, WritebackError

from connection import Connection, name_of
from mock_people import PASSWORD, mock_with

AWAY = WritebackError("nobody answers", code="UNREACHABLE")
REFUSED = WritebackError("wrong user name or password", code="BIND_FAILED")


@dataclass
class Says:
    """A domain controller that knows one answer."""

    answer: bool | WritebackError | None
    asked: int = 0

    async def has_password(self, identity: AnyIdentity, password: str) -> bool | None:
        self.asked += 1
        if isinstance(self.answer, WritebackError):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        self.asked = 0


def ask(answers: Sequence[bool | WritebackError | None], *, sent_to: str = "") -> tuple[bool | None, list[int]]:
    servers = {f"dc{number}": Says(answer) for number, answer in enumerate(answers, 1)}
    connection = Connection(AsyncMockDirectory(), servers)
    answer = asyncio.run(connection.has_password("alice", "x", sent_to.split()))
    return answer, [server.asked for server in servers.values()]


@pytest.mark.parametrize(
    ("answers", "known"),
    [
        ([True], True),
        ([False], False),
        ([None], None),
        ([False, True], True),
        ([AWAY, True], True),
        ([None, True], True),
        ([False, False], False),
        ([False, None], None),
        ([False, AWAY], None),
        ([AWAY, False], None),
    ],
)
def test_one_yes_will_do_and_a_no_needs_all(answers: list[bool | WritebackError | None], known: bool | None) -> None:
    assert ask(answers)[0] is known


@pytest.mark.parametrize(("answer", "known"), [(True, True), (False, None), (None, None)])
def test_a_server_that_is_not_asked_may_know_otherwise(answer: bool | None, known: bool | None) -> None:
    assert ask([answer], sent_to="dc1 dc2")[0] is known
    assert ask([answer], sent_to="dc1")[0] is answer


def test_where_nobody_can_be_asked_that_is_told() -> None:
    with pytest.raises(WritebackError, match="nobody answers"):
        ask([AWAY, AWAY])


def test_a_refused_logon_of_the_service_account_is_not_tried_elsewhere() -> None:
    servers = {"dc1": Says(REFUSED), "dc2": Says(True)}
    connection = Connection(AsyncMockDirectory(), servers)
    with pytest.raises(WritebackError, match="wrong user name"):
        asyncio.run(connection.has_password("alice", "x", []))
    assert servers["dc2"].asked == 0


def test_a_server_is_known_however_it_is_spelt() -> None:
    assert name_of("LDAPS://DC1.corp.example/") == name_of("ldaps://dc1.corp.example")


@pytest.mark.parametrize(
    "names",
    [
        ["alice"],
        ["alice@corp.example"],
        ["alice@contoso.com"],
        ["CORP\\alice"],
        ["CONTOSO\\alice"],
        ["a+b@contoso.com"],
        ["CN=Alice,OU=People,DC=contoso,DC=com"],
        ["CN=Smith\\, Alice,OU=People,OU=All,dc=corp,dc=example"],
        ["0a0b0c0d-0102-0304-0506-0708090a0b0c"],
        ["DQwLCgIBBAMFBgcICQoLDA=="],
        ["alice", "bob@corp.example", "carol@contoso.com", "CORP\\dave"],
        ["alice@contoso.com", "alice@fabrikam.com", "alice"],
        ["CN=alice,OU=People,DC=corp,DC=example", "alice", "alice@contoso.com"],
    ],
    ids=" ".join,
)
def test_a_mock_has_each_account(names: list[str]) -> None:
    mock = mock_with(names)
    found = [mock.account(name) for name in names]
    assert None not in found
    assert len({account.guid for account in found if account}) == len(names)
    assert all(mock.verify_password(name, PASSWORD) for name in names)


def test_a_mock_has_an_account_once() -> None:
    mock = mock_with(["ALICE@corp.example", "alice", "CORP\\Alice", "alice"])
    found = {account.guid for name in ("alice", "alice@corp.example", "corp\\alice") if (account := mock.account(name))}
    assert len(found) == 1


def test_a_guid_is_kept() -> None:
    guid = UUID("0a0b0c0d-0102-0304-0506-0708090a0b0c")
    account = mock_with([str(guid)]).account(str(guid))
    assert account is not None
    assert account.guid == guid


@pytest.mark.parametrize(
    "name",
    [
        "S-1-5-21-1-2-3-1104",
        "Users",
        "a*b",
        "@",
        "alice@",
        "CORP\\",
        "CN=alice,DC=corp,DC=example",
        "=",
        "-",
        "\\",
        "x" * 24,
    ],
)
def test_what_a_mock_cannot_have_is_left_out(name: str) -> None:
    mock = mock_with([name, "bob"])
    assert mock.account("bob") is not None

"""The directory that the options name, and each of its domain controllers on its own."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from password_writeback import (
    AnyIdentity,
    AsyncActiveDirectory,
    AsyncMockDirectory,
    AsyncPasswordWriteback,
    Identity,
    WritebackError,
)

from common import UsageError
from mock_people import mock_with

# A logon is refused for these only where the password was right: a wrong one is answered as wrong first.
RIGHT_PASSWORD = {"password_expired", "must_change_password", "disabled", "expired", "logon_restricted"}


def add_directory_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which directory, and how hard it may be worked."""
    group = parser.add_argument_group("directory")
    group.add_argument(
        "--mock", action="store_true", help="try it out: a directory in memory with the accounts of the input"
    )
    group.add_argument(
        "--server", action="append", default=[], metavar="URL",
        help="a domain controller by its own name, ldaps://host[:port]; repeatable",
    )  # fmt: skip
    group.add_argument("--bind-user", metavar="NAME", help="the service account, such as svc-writeback@corp.example")
    group.add_argument("--bind-password-file", type=Path, metavar="FILE", help="its password; without it you are asked")
    group.add_argument("--ca-file", type=Path, metavar="PEM", help="the certificate authorities to trust")
    group.add_argument("--allowed-subtree", action="append", metavar="DN", help="write only below this; repeatable")
    group.add_argument(
        "--concurrency", type=_at_least_one, default=4, metavar="N", help="accounts at a time (default 4)"
    )
    group.add_argument(
        "--rate", type=_positive, default=10.0, metavar="N", help="accounts begun per second (default 10)"
    )


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return number


class Server(Protocol):
    """One domain controller."""

    async def has_password(self, identity: AnyIdentity, password: str) -> bool | None:
        """Whether a password is an account's own as this one knows it, by a bind; ``None`` where that cannot be told."""

    async def close(self) -> None:
        """Closes it."""


@dataclass
class Connection:
    """A directory, and its domain controllers by their names."""

    directory: AsyncPasswordWriteback
    servers: Mapping[str, Server]

    async def has_password(self, identity: AnyIdentity, password: str, sent_to: Collection[str]) -> bool | None:
        """Whether a password that may have been sent to one of these servers is the account's own; ``None`` where that cannot be told.

        A domain controller that it has not been replicated to says no as well. So one yes will do; a no counts only where every
        server that it may have been sent to is asked, and all say no.
        """
        answers: list[bool | None] = []
        failures: list[WritebackError] = []
        for server in self.servers.values():
            try:
                answer = await server.has_password(identity, password)
            except WritebackError as error:
                if error.code == "BIND_FAILED":
                    # The service account's own: another try could lock it.
                    raise
                failures.append(error)
                answer = None
            if answer:
                return True
            answers.append(answer)
        if len(failures) == len(answers):
            raise failures[-1]
        return None if None in answers or not set(sent_to) <= self.servers.keys() else False

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.directory.close()
        for server in self.servers.values():
            await server.close()


@dataclass
class DomainController:
    """A real one."""

    directory: AsyncActiveDirectory
    settings: Mapping[str, object]

    async def has_password(self, identity: AnyIdentity, password: str) -> bool | None:
        """By a second connection, logged on as the account itself, and a look at its own entry."""
        dn = (await self.directory.find_account(identity)).distinguished_name
        settings: dict[str, object] = {**self.settings, "bind_user": dn, "bind_password": password}
        try:
            async with AsyncActiveDirectory(**settings) as directory:  # type: ignore[arg-type]
                await directory.find_account(Identity.dn(dn))
        except WritebackError as error:
            if error.code == "BIND_FAILED":
                right = error.reason in RIGHT_PASSWORD
                return right or (False if error.reason == "wrong_credentials" else None)
            # Refused to read is logged on; not reached is not.
            return True if error.code in ("PERMISSION_DENIED", "ACCOUNT_NOT_FOUND") else None
        return True

    async def close(self) -> None:
        """Closes the service account's connection."""
        await self.directory.close()


@dataclass
class MockServer:
    """The one of a mock directory."""

    directory: AsyncMockDirectory

    async def has_password(self, identity: AnyIdentity, password: str) -> bool | None:
        """By a logon. What the mock has forgotten since the last run is not there."""
        answer = self.directory.bind(identity, password)
        return None if answer == "775" else answer not in ("52e", "525")

    async def close(self) -> None:
        """It is closed with its directory."""


def connect(options: argparse.Namespace, accounts: Iterable[str]) -> Connection:
    """The directory of the options. Nothing is connected yet."""
    if options.mock and not options.server:
        mock = mock_with(accounts)
        return Connection(mock, {"mock": MockServer(mock)})
    if options.mock or not options.server or not options.bind_user:
        raise UsageError("give --server and --bind-user, or --mock")
    password = _bind_password(options)

    def directory(settings: Mapping[str, object]) -> AsyncActiveDirectory:
        # Each wipes the copy that it is given.
        return AsyncActiveDirectory(
            **settings,  # type: ignore[arg-type]
            bind_user=options.bind_user,
            bind_password=bytearray(password),
            allowed_subtrees=options.allowed_subtree,
        )

    try:
        settings = {url: {"servers": [url], "ca_file": options.ca_file} for url in options.server}
        servers = {name_of(url): DomainController(directory(own), own) for url, own in settings.items()}
        return Connection(directory({"servers": options.server, "ca_file": options.ca_file}), servers)
    finally:
        password[:] = bytes(len(password))


def name_of(url: str) -> str:
    """What a server is called in a journal: the same, however its URL is spelt."""
    return url.casefold().rstrip("/")


def _bind_password(options: argparse.Namespace) -> bytearray:
    try:
        if options.bind_password_file is not None:
            return bytearray(options.bind_password_file.read_bytes().rstrip(b"\r\n"))
        return bytearray(getpass.getpass(f"Password of {options.bind_user}: "), "utf-8", "surrogateescape")
    except (OSError, EOFError) as error:
        raise UsageError(f"the password of {options.bind_user} cannot be read: {error}") from None

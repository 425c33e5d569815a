"""The directory that the options name."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from password_writeback import (
    AnyIdentity,
    AsyncActiveDirectory,
    AsyncMockDirectory,
    AsyncPasswordWriteback,
    Identity,
    WritebackError,
)

from common import UsageError

Directory: TypeAlias = AsyncPasswordWriteback

# A logon is refused for these only where the password was right: a wrong one is answered as wrong first.
RIGHT_PASSWORD = {"password_expired", "must_change_password", "disabled", "expired", "logon_restricted"}


def add_directory_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which directory, and how hard it may be worked."""
    group = parser.add_argument_group("directory")
    group.add_argument(
        "--mock", action="store_true", help="try it out: a directory in memory with the accounts of the input"
    )
    group.add_argument("--server", action="append", default=[], metavar="URL", help="ldaps://host[:port]; repeatable")
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


@dataclass
class Connection:
    """A directory, and a way to try a logon in it."""

    directory: Directory
    settings: Mapping[str, object]

    async def has_password(self, identity: AnyIdentity, password: str) -> bool | None:
        """Whether a password is an account's own, by a bind; ``None`` where that cannot be told."""
        if isinstance(self.directory, AsyncMockDirectory):
            answer = self.directory.bind(identity, password)
            return None if answer == "775" else answer not in ("52e", "525")
        account = await self.directory.find_account(identity)
        return await self._bind(account.distinguished_name, password)

    async def _bind(self, dn: str, password: str) -> bool | None:
        """A second connection, logged on as the account itself, and a look at its own entry."""
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


def connect(options: argparse.Namespace, accounts: Iterable[str]) -> Connection:
    """The directory of the options. Nothing is connected yet."""
    if options.mock:
        mock = AsyncMockDirectory()
        for name in dict.fromkeys(name.partition("@")[0].rpartition("\\")[2] for name in accounts):
            mock.add_user(name, password="Mock-Passw0rd-1")
        return Connection(mock, {})
    if not options.server or not options.bind_user:
        raise UsageError("give --server and --bind-user, or --mock")
    settings = {"servers": options.server, "ca_file": options.ca_file}
    directory = AsyncActiveDirectory(
        **settings,
        bind_user=options.bind_user,
        bind_password=_bind_password(options),
        allowed_subtrees=options.allowed_subtree,
    )
    return Connection(directory, settings)


def _bind_password(options: argparse.Namespace) -> bytearray:
    if options.bind_password_file is None:
        return bytearray(getpass.getpass(f"Password of {options.bind_user}: "), "utf-8")
    return bytearray(options.bind_password_file.read_bytes().rstrip(b"\r\n"))

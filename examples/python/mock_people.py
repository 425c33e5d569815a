"""A mock directory with the accounts of an input, whatever they are called there."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from password_writeback import AsyncMockDirectory, WritebackError

PASSWORD = "Mock-Passw0rd-1"

DN = re.compile(r"CN=(?P<name>(?:\\.|[^,\\])+),(?P<container>.+?)(?P<domain>(?:,DC=[a-z0-9-]+)+)", re.IGNORECASE)


def mock_with(names: Iterable[str]) -> AsyncMockDirectory:
    """A mock directory with these accounts, as far as it can have them: the others are not found in it."""
    # Plain names first: they have no other name to go by.
    ordered = sorted(names, key=lambda name: "@" in name or bool(DN.fullmatch(name)))
    mock = AsyncMockDirectory(domain=_dns_domain(ordered), netbios_name=_netbios_name(ordered))
    for number, name in enumerate(ordered, 1):
        if mock.account(name) is None:
            _add(mock, name, f"mock-user-{number}")
    return mock


def _dns_domain(names: Iterable[str]) -> str | None:
    """The domain of the distinguished names: that of the first."""
    found = filter(None, map(DN.fullmatch, names))
    return next((".".join(re.findall("DC=([^,]+)", dn["domain"], re.IGNORECASE)) for dn in found), None)


def _netbios_name(names: Iterable[str]) -> str | None:
    r"""The domain of names such as ``CORP\alice``: that of the first."""
    return next((name.partition("\\")[0] for name in names if "\\" in name and not DN.fullmatch(name)), None)


def _add(mock: AsyncMockDirectory, name: str, spare: str) -> None:
    """Adds an account that answers to a name; under a spare logon name, where its own is taken or is none."""
    sam, options = _described(name)
    for logon_name in (sam, spare) if options else (sam,):
        with contextlib.suppress(WritebackError):
            mock.add_user(logon_name, password=PASSWORD, **options)
            return


def _described(name: str) -> tuple[str, dict[str, Any]]:
    """The logon name that suits a name, and what else the account needs to answer to it."""
    with contextlib.suppress(ValueError):
        if "-" in name:
            return "", {"guid": UUID(name)}
    with contextlib.suppress(binascii.Error, ValueError):
        if len(name) == 24:
            return "", {"consistency_guid": UUID(bytes_le=base64.b64decode(name, validate=True))}
    if dn := DN.fullmatch(name):
        common_name = re.sub(r"\\(.)", r"\1", dn["name"])
        return common_name, {"common_name": common_name, "container": dn["container"]}
    if "@" in name and "\\" not in name:
        return name.rpartition("@")[0], {"upn": name}
    return name.rpartition("\\")[2], {}

"""Does what case_host says, through the public interface of the package."""

from __future__ import annotations

import asyncio
import json
import traceback
from datetime import datetime
from typing import Any

from password_writeback import (
    ActiveDirectory,
    AsyncActiveDirectory,
    AsyncMockDirectory,
    Identity,
    Limit,
    MockDirectory,
    MockPolicy,
    RateLimits,
    WritebackError,
)

LOGON = {
    "0": "ok",
    "52e": "wrong",
    "532": "password_expired",
    "533": "disabled",
    "701": "account_expired",
    "773": "must_change",
    "775": "locked",
}


def identity(given: Any) -> Any:
    """A plain identity stays as it is; a typed one is made with its class method."""
    if given is None or isinstance(given, str):
        return given
    ((kind, text),) = given.items()
    return getattr(Identity, kind)(text)


def time(text: str) -> datetime:
    """An aware time, cut to microseconds as the package does."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")


def opened(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings as keywords: the rules among them, the limits as their classes."""
    rules, layers = settings.pop("rules", {}), settings.pop("layers", {})
    keywords: dict[str, Any] = settings | rules | layers
    if "rate_limit" in keywords:
        limits = keywords["rate_limit"].items()
        keywords["rate_limit"] = RateLimits(**{name: Limit(**limit) for name, limit in limits if limit is not None})
    return keywords


def printed(value: object) -> str:
    """Everything that a value can be printed as."""
    return f"{value} {value!r} {vars(value) if hasattr(value, '__dict__') else ''}"


class Hands:
    """What one case is done with, waiting for the answers."""

    directory: Any = None
    active_directory: Any = ActiveDirectory
    mock_directory: Any = MockDirectory

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """The answer to a command."""
        what = command.pop("do")
        try:
            value = getattr(self, f"do_{what}")(**command)
        except WritebackError as error:
            trace = "".join(traceback.format_exception(error))
            return {"error": json.loads(error.to_json()), "printed": f"{printed(error)} {trace}"}
        plain = json.loads(value.to_json()) if hasattr(value, "to_json") else value
        return {"ok": plain, "printed": printed(value)}

    def finished(self, value: Any) -> Any:
        """The result of an operation."""
        return value

    def do_active_directory(self, settings: dict[str, Any], bind_password: str) -> None:
        self.directory = self.active_directory(bind_password=bind_password, **opened(settings))

    def do_mock(self, settings: dict[str, Any]) -> None:
        policy, now = settings.pop("policy"), settings.pop("now")
        self.directory = self.mock_directory(policy=MockPolicy(**policy), now=time(now), **opened(settings))

    def do_revoke(self, right: Any) -> None:
        self.directory.revoke(right)

    def do_set_clock(self, now: str) -> None:
        self.directory.clock.set(time(now))

    def do_advance(self, seconds: float) -> None:
        self.directory.clock.advance(seconds)

    def do_add_group(self, group: dict[str, Any]) -> str:
        sid: str = self.directory.add_group(group.pop("name"), **group)
        return sid

    def do_add_user(self, user: dict[str, Any], password: str | None, former_passwords: list[str]) -> str:
        for name in ("password_set_at", "expires_at"):
            if name in user:
                user[name] = time(user[name])
        return str(
            self.directory.add_user(user.pop("name"), password=password, former_passwords=former_passwords, **user)
        )

    def do_add_fine_grained_policy(self, policy: dict[str, Any]) -> str:
        settings = MockPolicy(**policy.pop("policy"))
        added = self.directory.add_fine_grained_policy(policy.pop("name"), policy.pop("precedence"), settings, **policy)
        return str(added)

    def do_account(self, account: str) -> Any:
        return self.directory.account(Identity.sam(account))

    def do_bind(self, account: str, password: str) -> str:
        return LOGON[self.directory.bind(Identity.sam(account), password)]

    def do_perform(self, operation: str, request: dict[str, Any]) -> Any:
        who = identity(request.pop("identity", None))
        given = [request.pop(name, None) for name in ("old_password", "new_password", "candidate")]
        passwords = [bytearray(password, "utf-8") for password in given if password is not None]
        if "actor" in request:
            request["actor"] = identity(request["actor"])
        try:
            return self.finished(getattr(self.directory, operation)(who, *passwords, **request))
        finally:
            assert not any(map(any, passwords)), "a password is not wiped"

    def do_close(self) -> None:
        if self.directory is not None:
            self.finished(self.directory.close())


class AsyncHands(Hands):
    """The same with coroutines."""

    active_directory = AsyncActiveDirectory
    mock_directory = AsyncMockDirectory

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def finished(self, value: Any) -> Any:
        return self._loop.run_until_complete(value)

    def do_close(self) -> None:
        super().do_close()
        self._loop.close()

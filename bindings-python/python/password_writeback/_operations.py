"""The operations, forwarded to the native part."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import Any, NoReturn

from . import _json, _many, _native
from ._given import Password, Seconds
from ._options import request
from ._secrets import conceals
from .errors import WritebackError
from .identity import AnyIdentity
from .limits import RateLimits
from .many import ResetRequest, ResetResult
from .results import Account, Diagnosis, PasswordPolicy, Receipt, Verdict
from .words import History, Initiator, OnSinkFailure, Unlock
from .writeback import AsyncPasswordWriteback, PasswordWriteback


def layers(
    rate_limit: RateLimits | None, audit_file: str | os.PathLike[str] | None, on_sink_failure: OnSinkFailure | None
) -> dict[str, Any]:
    """The settings of the layers around a backend."""
    given = {"rate_limit": rate_limit, "audit_file": audit_file, "on_sink_failure": on_sink_failure}
    return _json.without_none(given)


class Held:
    """Holds a native directory."""

    _native: _native.Directory

    @property
    def closed(self) -> bool:
        """Whether the directory has been closed."""
        return self._native.closed

    def __reduce__(self) -> NoReturn:
        self._native.__reduce__()


class SyncOperations(Held, PasswordWriteback):
    """The operations, waiting for the answer."""

    def _run(self, operation: str, options: str, secrets: list[Any]) -> str:
        """Has an operation done, and waits."""
        return self._native.call(operation, options, secrets)

    def close(self) -> None:
        self._native.close()

    @conceals("new_password")
    def reset_password(
        self,
        identity: AnyIdentity,
        new_password: Password,
        *,
        unlock: Unlock | bool | None = None,
        require_change: bool | None = None,
        history: History | None = None,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity,
            unlock=unlock,
            require_change=require_change,
            history=history,
            initiator=initiator,
            actor=actor,
            correlation_id=correlation_id,
            deadline=deadline,
        )
        return Receipt.from_json(self._run("reset_password", options, [new_password]))

    @conceals("old_password", "new_password")
    def change_password(
        self,
        identity: AnyIdentity,
        old_password: Password,
        new_password: Password,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Receipt.from_json(self._run("change_password", options, [old_password, new_password]))

    def unlock_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Receipt.from_json(self._run("unlock_account", options, []))

    def require_password_change(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Receipt.from_json(self._run("require_password_change", options, []))

    @conceals("candidate")
    def check_password(
        self,
        identity: AnyIdentity,
        candidate: Password,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Verdict:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Verdict.from_json(self._run("check_password", options, [candidate]))

    def find_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Account:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Account.from_json(self._run("find_account", options, []))

    def password_policy(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> PasswordPolicy:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return PasswordPolicy.from_json(self._run("password_policy", options, []))

    def diagnose(
        self,
        identity: AnyIdentity | None = None,
        *,
        canary: bool | None = None,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Diagnosis:
        options = request(
            identity=identity,
            canary=canary,
            initiator=initiator,
            actor=actor,
            correlation_id=correlation_id,
            deadline=deadline,
        )
        return Diagnosis.from_json(self._run("diagnose", options, []))

    def reset_many(
        self, requests: Iterable[ResetRequest], *, concurrency: int = _native.DEFAULT_CONCURRENCY
    ) -> Generator[ResetResult, None, None]:
        return _many.waiting(self._native, iter(requests), _native.Pace(concurrency))


class AsyncOperations(Held, AsyncPasswordWriteback):
    """The operations, awaiting the answer."""

    async def _run(self, operation: str, options: str, secrets: list[Any]) -> str:
        """Has an operation done, and awaits it."""
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[tuple[str | None, WritebackError | None]] = loop.create_future()

        def settle(text: str | None, error: WritebackError | None) -> None:
            if not settled.done():
                settled.set_result((text, error))

        def done(text: str | None, error: WritebackError | None) -> None:
            # A loop that has been closed has nobody who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, text, error)

        call = _native.Call()
        self._native.start(operation, options, secrets, done, call)
        try:
            text, error = await asyncio.shield(settled)
        except asyncio.CancelledError:
            # At once where nothing was written yet; else the write is seen to its end, which the deadline bounds.
            call.cancel()
            await asyncio.wait([settled])
            raise
        if error is not None:
            raise error
        assert text is not None
        return text

    async def close(self) -> None:
        self._native.close()

    @conceals("new_password")
    async def reset_password(
        self,
        identity: AnyIdentity,
        new_password: Password,
        *,
        unlock: Unlock | bool | None = None,
        require_change: bool | None = None,
        history: History | None = None,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity,
            unlock=unlock,
            require_change=require_change,
            history=history,
            initiator=initiator,
            actor=actor,
            correlation_id=correlation_id,
            deadline=deadline,
        )
        return Receipt.from_json(await self._run("reset_password", options, [new_password]))

    @conceals("old_password", "new_password")
    async def change_password(
        self,
        identity: AnyIdentity,
        old_password: Password,
        new_password: Password,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Receipt.from_json(await self._run("change_password", options, [old_password, new_password]))

    async def unlock_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Receipt.from_json(await self._run("unlock_account", options, []))

    async def require_password_change(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Receipt.from_json(await self._run("require_password_change", options, []))

    @conceals("candidate")
    async def check_password(
        self,
        identity: AnyIdentity,
        candidate: Password,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Verdict:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Verdict.from_json(await self._run("check_password", options, [candidate]))

    async def find_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Account:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return Account.from_json(await self._run("find_account", options, []))

    async def password_policy(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> PasswordPolicy:
        options = request(
            identity=identity, initiator=initiator, actor=actor, correlation_id=correlation_id, deadline=deadline
        )
        return PasswordPolicy.from_json(await self._run("password_policy", options, []))

    async def diagnose(
        self,
        identity: AnyIdentity | None = None,
        *,
        canary: bool | None = None,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Diagnosis:
        options = request(
            identity=identity,
            canary=canary,
            initiator=initiator,
            actor=actor,
            correlation_id=correlation_id,
            deadline=deadline,
        )
        return Diagnosis.from_json(await self._run("diagnose", options, []))

    def reset_many(
        self,
        requests: Iterable[ResetRequest] | AsyncIterable[ResetRequest],
        *,
        concurrency: int = _native.DEFAULT_CONCURRENCY,
    ) -> AsyncGenerator[ResetResult, None]:
        source = aiter(requests) if isinstance(requests, AsyncIterable) else iter(requests)
        return _many.awaiting(self._native, source, _native.Pace(concurrency))


def _documented(operations: type, contract: type) -> None:
    """Gives each method the words of the contract: some ask the method itself for them."""
    for name, method in vars(operations).items():
        if inspect.isfunction(method) and method.__doc__ is None:
            method.__doc__ = getattr(contract, name).__doc__


_documented(SyncOperations, PasswordWriteback)
_documented(AsyncOperations, AsyncPasswordWriteback)

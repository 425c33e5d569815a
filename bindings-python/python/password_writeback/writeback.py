"""The contract: eight operations that every directory offers, waiting for the answer or awaiting it, and many resets at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from types import TracebackType
from typing import TypeVar

from ._given import Password, Seconds
from ._native import DEFAULT_CONCURRENCY
from .identity import AnyIdentity
from .many import ResetRequest, ResetResult
from .results import Account, Diagnosis, PasswordPolicy, Receipt, Verdict
from .words import History, Initiator, Unlock

S = TypeVar("S", bound="PasswordWriteback")
A = TypeVar("A", bound="AsyncPasswordWriteback")


class PasswordWriteback(ABC):
    """Writes passwords back to a directory, and waits for the answer.

    What holds for every operation:

    - It ends within its ``deadline``, or the directory's where none is given. An audit callback is waited for beside that, for 30 s at its
      start and at its end at the most.
    - Every :class:`WritebackError` says by its ``outcome`` whether the write happened.
    - Ctrl-C before the write is sent cancels it. Afterwards the write is carried through, verified and recorded first.
    - No error, result, event or log line holds a password.
    - ``initiator`` says who asks, ``actor`` names them for the audit, ``correlation_id`` ties the operation to the caller's own records.
      What is ``None`` is as the directory's settings say.
    """

    @abstractmethod
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
        """Sets a password without knowing the old one. Unlocking and requiring a change happen in the same atomic write.

        Length, complexity and the server's password filters always apply. History and minimum age apply as ``history`` says; the
        receipt tells whether they did. A lockout stays unless ``unlock`` clears it.

        Raises:
            WritebackError: see :attr:`WritebackError.code` for the cause. One whose outcome is ``applied`` means that the password was
                set and a required change could not be.
        """

    @abstractmethod
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
        """Sets a password, proving knowledge of the old one, as the user would. History and minimum age always apply.

        It works for an account whose password has expired or must be changed. A wrong old password counts towards the lockout.

        Raises:
            WritebackError: ``WRONG_PASSWORD``, ``ACCOUNT_LOCKED``, ``CHANGE_NOT_PERMITTED``, ``POLICY_VIOLATION``, and those of every write.
        """

    @abstractmethod
    def unlock_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        """Clears a lockout. An account that is not locked is left as it is, with success.

        Raises:
            WritebackError: those of every write.
        """

    @abstractmethod
    def require_password_change(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        """Forces a new password at the next logon.

        Raises:
            WritebackError: ``CHANGE_NOT_ENFORCEABLE`` where it would have no effect, and those of every write.
        """

    @abstractmethod
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
        """Judges a candidate without writing it. It costs no bad-password count.

        Raises:
            WritebackError: those of finding an account.
        """

    @abstractmethod
    def find_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Account:
        """Reads the facts of one account, protected or not.

        Raises:
            WritebackError: ``ACCOUNT_NOT_FOUND``, ``AMBIGUOUS_IDENTITY``, ``INVALID_IDENTITY``, ``PERMISSION_DENIED``, and those of reaching a
                domain controller.
        """

    @abstractmethod
    def password_policy(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> PasswordPolicy:
        """Reads the policy that applies to one account, or says that it is unknown and why.

        Raises:
            WritebackError: those of finding an account.
        """

    @abstractmethod
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
        """Examines the deployment; and the rights on one account where one is named, or on the users that are created in a container
        where the distinguished name of one is given. It writes nothing, but where a canary is asked for.

        Args:
            canary: Also prove the whole path on the account: a required change, a reset, a logon, a change, an unlock. The account is
                left with a password that nobody knows; one that is protected, or whose sAMAccountName does not hold the word
                ``canary``, is refused.

        Raises:
            WritebackError: only where the request is at fault; everything else is a failed check.
        """

    @abstractmethod
    def reset_many(
        self, requests: Iterable[ResetRequest], *, concurrency: int = DEFAULT_CONCURRENCY
    ) -> Generator[ResetResult, None, None]:
        """Resets many passwords, and gives the results as they finish, in whatever order.

        Nothing happens before a result is asked for, and no request is taken before there is room for it: ``requests`` may be a
        generator, and may be endless.

        Every request gives exactly one result; an error is in it, and ends none of the others. But when the service account's own logon is
        refused, no further reset is begun, lest the attempts lock it: each request that follows is answered with the same error, whose
        message says that it was not attempted. Until one reset has shown that the logon works, no other is begun.

        Closing the generator and Ctrl-C cancel what has not been sent, and wait for the writes that were. Leaving a ``for`` loop early
        closes it, where nothing else holds it. When ``requests`` raises, or gives something else than a :class:`ResetRequest`, what has
        not been sent is cancelled, the results of all that has begun are given, and then the exception is raised.

        Args:
            requests: The resets, each a :class:`ResetRequest` that has not been used yet.
            concurrency: How many may be under way at once; at least one is.

        Raises:
            CallerError: ``CONFIGURATION`` for a ``concurrency`` below zero.
            TypeError: for ``requests`` that cannot be iterated over, or that give something else than a :class:`ResetRequest`.
        """

    @abstractmethod
    def close(self) -> None:
        """Closes the directory. Operations under way end in their own time; new ones are refused as ``CONFIGURATION``."""

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncPasswordWriteback(ABC):
    """Writes passwords back to a directory, in coroutines.

    What holds for every operation:

    - It ends within its ``deadline``, or the directory's where none is given. An audit callback is waited for beside that, for 30 s at its
      start and at its end at the most.
    - Every :class:`WritebackError` says by its ``outcome`` whether the write happened.
    - Cancelling before the write is sent cancels it. Afterwards the write is carried through, verified and recorded first, within the
      deadline; then ``CancelledError`` is raised.
    - No error, result, event or log line holds a password.
    - ``initiator`` says who asks, ``actor`` names them for the audit, ``correlation_id`` ties the operation to the caller's own records.
      What is ``None`` is as the directory's settings say.
    """

    @abstractmethod
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
        """Sets a password without knowing the old one. Unlocking and requiring a change happen in the same atomic write.

        Length, complexity and the server's password filters always apply. History and minimum age apply as ``history`` says; the
        receipt tells whether they did. A lockout stays unless ``unlock`` clears it.

        Raises:
            WritebackError: see :attr:`WritebackError.code` for the cause. One whose outcome is ``applied`` means that the password was
                set and a required change could not be.
        """

    @abstractmethod
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
        """Sets a password, proving knowledge of the old one, as the user would. History and minimum age always apply.

        It works for an account whose password has expired or must be changed. A wrong old password counts towards the lockout.

        Raises:
            WritebackError: ``WRONG_PASSWORD``, ``ACCOUNT_LOCKED``, ``CHANGE_NOT_PERMITTED``, ``POLICY_VIOLATION``, and those of every write.
        """

    @abstractmethod
    async def unlock_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        """Clears a lockout. An account that is not locked is left as it is, with success.

        Raises:
            WritebackError: those of every write.
        """

    @abstractmethod
    async def require_password_change(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Receipt:
        """Forces a new password at the next logon.

        Raises:
            WritebackError: ``CHANGE_NOT_ENFORCEABLE`` where it would have no effect, and those of every write.
        """

    @abstractmethod
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
        """Judges a candidate without writing it. It costs no bad-password count.

        Raises:
            WritebackError: those of finding an account.
        """

    @abstractmethod
    async def find_account(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> Account:
        """Reads the facts of one account, protected or not.

        Raises:
            WritebackError: ``ACCOUNT_NOT_FOUND``, ``AMBIGUOUS_IDENTITY``, ``INVALID_IDENTITY``, ``PERMISSION_DENIED``, and those of reaching a
                domain controller.
        """

    @abstractmethod
    async def password_policy(
        self,
        identity: AnyIdentity,
        *,
        initiator: Initiator | None = None,
        actor: AnyIdentity | None = None,
        correlation_id: str | None = None,
        deadline: Seconds | None = None,
    ) -> PasswordPolicy:
        """Reads the policy that applies to one account, or says that it is unknown and why.

        Raises:
            WritebackError: those of finding an account.
        """

    @abstractmethod
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
        """Examines the deployment; and the rights on one account where one is named, or on the users that are created in a container
        where the distinguished name of one is given. It writes nothing, but where a canary is asked for.

        Args:
            canary: Also prove the whole path on the account: a required change, a reset, a logon, a change, an unlock. The account is
                left with a password that nobody knows; one that is protected, or whose sAMAccountName does not hold the word
                ``canary``, is refused.

        Raises:
            WritebackError: only where the request is at fault; everything else is a failed check.
        """

    @abstractmethod
    def reset_many(
        self,
        requests: Iterable[ResetRequest] | AsyncIterable[ResetRequest],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> AsyncGenerator[ResetResult, None]:
        """Resets many passwords, and gives the results as they finish, in whatever order.

        Nothing happens before a result is asked for, and no request is taken before there is room for it: ``requests`` may be a
        generator, also an asynchronous one, and may be endless. While the next request is awaited, results are given.

        Every request gives exactly one result; an error is in it, and ends none of the others. But when the service account's own logon is
        refused, no further reset is begun, lest the attempts lock it: each request that follows is answered with the same error, whose
        message says that it was not attempted. Until one reset has shown that the logon works, no other is begun.

        Closing the generator and cancelling the task that awaits it cancel what has not been sent, and wait for the writes that were.
        Leaving an ``async for`` loop early does not close it at once: ``contextlib.aclosing`` does. When ``requests`` raises, or gives
        something else than a :class:`ResetRequest`, what has not been sent is cancelled, the results of all that has begun are given,
        and then the exception is raised.

        Args:
            requests: The resets, each a :class:`ResetRequest` that has not been used yet.
            concurrency: How many may be under way at once; at least one is.

        Raises:
            CallerError: ``CONFIGURATION`` for a ``concurrency`` below zero.
            TypeError: for ``requests`` that cannot be iterated over, or that give something else than a :class:`ResetRequest`.
        """

    @abstractmethod
    async def close(self) -> None:
        """Closes the directory. Operations under way end in their own time; new ones are refused as ``CONFIGURATION``."""

    async def __aenter__(self: A) -> A:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


# Both kinds answer to the one name; the types tell them apart.
PasswordWriteback.register(AsyncPasswordWriteback)  # type: ignore[type-abstract]

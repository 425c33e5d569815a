"""Many resets at once: what goes in, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from . import _native
from ._given import Password, Seconds
from ._options import request
from ._secrets import conceals
from .errors import WritebackError
from .identity import AnyIdentity
from .results import Receipt
from .words import History, Initiator, Unlock


class ResetRequest:
    """One reset of ``reset_many``. It shows no password, and can be used once."""

    __slots__ = ("_correlation_id", "_identity", "_options", "_password")

    _identity: AnyIdentity
    _password: _native.Secret
    _correlation_id: str | None
    _options: str

    @conceals("new_password")
    def __init__(
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
    ) -> None:
        """Takes what ``reset_password`` takes, and keeps it until the reset begins. A bytearray is wiped at once.

        Little is looked at here: a value that cannot be, such as an identity that cannot be read or a number in the place of a word, is
        the error of this request's result.

        Raises:
            TypeError: for a password of a wrong type, and for a value that cannot be written as JSON.
        """
        self._identity = identity
        self._correlation_id = correlation_id
        if not isinstance(new_password, _native.Secret):
            raise TypeError(f"a password must be str or bytearray, not {type(new_password).__name__}")
        self._password = new_password
        self._options = request(
            identity=identity,
            unlock=unlock,
            require_change=require_change,
            history=history,
            initiator=initiator,
            actor=actor,
            correlation_id=correlation_id,
            deadline=deadline,
        )

    @property
    def identity(self) -> AnyIdentity:
        """The account."""
        return self._identity

    @property
    def correlation_id(self) -> str | None:
        """Ties the reset to the caller's own records, where it was given."""
        return self._correlation_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._identity!r}, correlation_id={self._correlation_id!r})"


@dataclass(frozen=True, kw_only=True)
class ResetResult:
    """What became of one of many resets: it has a receipt or an error."""

    index: int
    """The place of its request among the requests, from 0."""
    identity: AnyIdentity
    """The account as the request named it."""
    correlation_id: str | None = None
    """The correlation id: the request's, or the one that the reset was given; ``None`` where it was never begun and had none."""
    receipt: Receipt | None = None
    """The proof of the write, where it succeeded."""
    error: WritebackError | None = None
    """Why it did not do what was asked; its ``outcome`` says whether the write happened."""

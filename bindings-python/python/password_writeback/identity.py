"""How a caller names an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from .words import IdentityKind


@dataclass(frozen=True)
class Identity:
    r"""The name of an account.

    The class methods say what kind of name it is. ``Identity(text)``, like a plain ``str`` wherever an identity is wanted, is read
    as exactly one kind and never tried as another: a GUID (dashed), a SID, 24 characters of base64 that hold 16 bytes (a source
    anchor), a distinguished name, ``DOMAIN\\name``, a user principal name where it contains ``@``, else a sAMAccountName.

    Nothing is checked here: what cannot be read is refused by the operation as ``INVALID_IDENTITY``.
    """

    text: str
    kind: IdentityKind | None = None

    @classmethod
    def upn(cls, upn: str) -> Identity:
        """A user principal name, ``alice@corp.example``."""
        return cls(upn, "upn")

    @classmethod
    def sam(cls, name: str) -> Identity:
        r"""A sAMAccountName, ``alice`` or ``CORP\\alice``."""
        return cls(name, "sam")

    @classmethod
    def dn(cls, dn: str) -> Identity:
        """A distinguished name (RFC 4514)."""
        return cls(dn, "dn")

    @classmethod
    def guid(cls, guid: UUID | str) -> Identity:
        """An objectGUID."""
        return cls(str(guid), "guid")

    @classmethod
    def sid(cls, sid: str) -> Identity:
        """A security identifier, ``S-1-5-21-...``."""
        return cls(sid, "sid")

    @classmethod
    def source_anchor(cls, anchor: str) -> Identity:
        """A source anchor (ImmutableId): base64 of mS-DS-ConsistencyGuid or objectGUID."""
        return cls(anchor, "source_anchor")

    def __str__(self) -> str:
        return self.text


AnyIdentity: TypeAlias = str | Identity
"""An account's name: typed, or plain text."""


def plain(identity: AnyIdentity | None) -> object:
    """An identity as the native part reads it: text, or text with its kind."""
    if not isinstance(identity, Identity):
        return identity
    return identity.text if identity.kind is None else {"kind": identity.kind, "text": identity.text}

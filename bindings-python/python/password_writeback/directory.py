"""Active Directory, written to over LDAP."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from . import _json, _native
from ._audit import AuditCallback, Recorder
from ._given import Password, Seconds
from ._operations import AsyncOperations, Held, SyncOperations, layers
from ._secrets import conceals
from .limits import RateLimits
from .words import History, IdentityKind, Initiator, OnSinkFailure

BindPassword: TypeAlias = Password | Callable[[], Password]
"""The service account's password, or a callable that is asked for it at each logon, on a thread of its own."""


class _Settings(Held):
    """The settings, the same whether answers are waited for or awaited."""

    @conceals("bind_password")
    def __init__(
        self,
        *,
        servers: Sequence[str] | None = None,
        domain: str | None = None,
        dns_servers: Sequence[str] | None = None,
        site: str | None = None,
        start_tls: bool | None = None,
        bind_user: str | None = None,
        bind_password: BindPassword | None = None,
        keytab: str | os.PathLike[str] | None = None,
        credential_cache: str | os.PathLike[str] | Literal[True] | None = None,
        principal: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        connect_timeout: Seconds | None = None,
        warm_connections: int | None = None,
        initiator: Initiator | None = None,
        history: History | None = None,
        allowed_subtrees: Sequence[str] | None = None,
        accepted_identities: Sequence[IdentityKind] | None = None,
        allow_self_service_on_protected: bool | None = None,
        allow_administrator_on_protected: bool | None = None,
        protected_groups: Sequence[str] | None = None,
        deadline: Seconds | None = None,
        grace: Seconds | None = None,
        confirm: bool | None = None,
        verify_by_bind: bool | None = None,
        resolve_by_bind: bool | None = None,
        rate_limit: RateLimits | None = None,
        audit: AuditCallback | None = None,
        audit_file: str | os.PathLike[str] | None = None,
        on_sink_failure: OnSinkFailure | None = None,
    ) -> None:
        r"""Reads the settings, and connects to nothing.

        Args:
            servers: The domain controllers, in the order they are tried: ``ldaps://host[:port]``, or ``ldap://host[:port]``, which
                always means StartTLS.
            domain: The DNS name of the domain, whose domain controllers are then found by DNS: instead of ``servers``.
            dns_servers: With ``domain``: the DNS servers to ask, ``ip`` or ``ip:port``. Default: the system's.
            site: With ``domain``: the Active Directory site whose domain controllers come before others. Default: the one that the
                directory finds by this machine's address.
            start_tls: With ``domain``: whether to use StartTLS on the LDAP port that DNS gives. Default: no, LDAPS on port 636.
            bind_user: The service account: a user principal name, ``DOMAIN\name`` or a distinguished name.
            bind_password: Its password, or a callable that is asked for it at each logon. A bytearray is wiped, also one that the
                callable returns. The callable has three quarters of ``connect_timeout``: one that is slower, or raises, means
                ``BIND_FAILED`` with the reason ``no_password``.
            keytab: Logs on with Kerberos instead, by the key of ``principal`` in this file. Tickets are renewed by themselves. It needs a
                wheel built with the cargo feature ``gssapi``.
            credential_cache: Logs on with Kerberos instead, by the tickets in this cache, a path or a name such as
                ``KEYRING:persistent:0``, which somebody else keeps filled; ``True`` means the default one. It needs the same wheel.
            principal: The service account's Kerberos principal, ``NAME@REALM``; a credential cache needs none.
            ca_file: A PEM file with the certificate authorities to trust, and no others. Default: those of the operating system.
            connect_timeout: How long one domain controller may take to accept a connection, and again a logon. Default: 5 s.
            warm_connections: How many connections are kept open between operations for the next ones; none is made before the first
                operation, and one that is not used is closed after two minutes. 0 keeps none. Default: 4.
            initiator: Who asks, where the call does not say. Default: ``self_service``.
            history: Whether resets enforce history, where the call does not say. Default: ``required``.
            allowed_subtrees: The subtrees whose accounts may be written. Default: the whole directory.
            accepted_identities: The kinds of identity that are accepted. Default: all.
            allow_self_service_on_protected: Whether owners may reset, unlock or expire protected accounts of their own. Default: no.
            allow_administrator_on_protected: Whether administrators may. Default: no.
            protected_groups: Groups, by SID, whose members are protected beside Active Directory's own protected groups.
            deadline: How long an operation may take in all, where the call does not say. Default: 30 s.
            grace: How long a write whose reply was lost is given to arrive before its absence counts as evidence. Default: 2 s.
            confirm: Whether a write that was done is read back. Without it an operation takes one round trip less, and the receipt shows
                the account as it was before. Default: yes.
            verify_by_bind: Whether every password that was written is tried in a logon of its own. Default: no.
            resolve_by_bind: Whether a logon with the new password may settle a write whose reply was lost. Default: yes.
            rate_limit: How often operations may be tried, on one account and in all. Default: as often as anybody likes.
            audit: Is called with an :class:`AuditEvent` at the start and the end of every operation, from a thread of the library.
                Events also go to the logger ``password_writeback.audit``, with the event as ``record.audit_event``. The operation waits
                for each call, beside its deadline, but for 30 s at the most: then the event counts as lost. While eight such calls have
                not come back, every event does at once.
            audit_file: A file to which every event is appended as a line of JSON. It is opened for each, so it may be rotated.
            on_sink_failure: What follows when ``audit`` raises or does not come back, or ``audit_file`` cannot be written. Default:
                ``refuse``, so that nothing is done unrecorded.

        Raises:
            CallerError: ``CONFIGURATION``, naming the setting at fault.
        """
        if inspect.iscoroutinefunction(bind_password):
            raise TypeError(
                "bind_password must not be a coroutine function: it is called from a thread without an event loop"
            )
        rules = {
            "initiator": initiator,
            "history": history,
            "allowed_subtrees": allowed_subtrees,
            "accepted_identities": accepted_identities,
            "allow_self_service_on_protected": allow_self_service_on_protected,
            "allow_administrator_on_protected": allow_administrator_on_protected,
            "protected_groups": protected_groups,
            "deadline": deadline,
            "grace": grace,
            "confirm": confirm,
            "verify_by_bind": verify_by_bind,
            "resolve_by_bind": resolve_by_bind,
        }
        settings = {
            "servers": servers,
            "domain": domain,
            "dns_servers": dns_servers,
            "site": site,
            "start_tls": start_tls,
            "bind_user": bind_user,
            "keytab": keytab,
            "credential_cache": credential_cache,
            "principal": principal,
            "ca_file": ca_file,
            "connect_timeout": connect_timeout,
            "warm_connections": warm_connections,
            "rules": _json.without_none(rules),
            "layers": layers(rate_limit, audit_file, on_sink_failure),
        }
        where = f"servers={servers!r}" if domain is None else f"domain={domain!r}"
        account = f"principal={principal!r}" if bind_user is None else f"bind_user={bind_user!r}"
        self._shown = f"{where}, {account}"
        self._native = _native.Directory.active_directory(
            _json.encode(_json.without_none(settings)), bind_password, Recorder(audit)
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._shown}{', closed' if self.closed else ''})"


class ActiveDirectory(_Settings, SyncOperations):
    """Active Directory, written to over LDAP; each call waits for its answer.

    It may be shared between threads. Nothing is connected until an operation needs it. Connections are kept for a while
    for the next operation; they hold no password, and are closed with the directory.

    >>> with ActiveDirectory(servers=["ldaps://dc1.corp.example"], bind_user="svc-writeback@corp.example",
    ...                      bind_password=secret, ca_file="corp-ca.pem") as directory:  # doctest: +SKIP
    ...     receipt = directory.reset_password("alice@corp.example", new_password, unlock=True)
    """


class AsyncActiveDirectory(_Settings, AsyncOperations):
    """Active Directory, written to over LDAP, for asyncio; otherwise as :class:`ActiveDirectory`.

    >>> async with AsyncActiveDirectory(servers=["ldaps://dc1.corp.example"], bind_user="svc-writeback@corp.example",
    ...                                 bind_password=secret) as directory:  # doctest: +SKIP
    ...     receipt = await directory.reset_password("alice@corp.example", new_password)
    """

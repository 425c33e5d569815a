"""Write passwords back to on-premises Active Directory: reset, change, unlock and require a change, over LDAP.

>>> from password_writeback import MockDirectory
>>> with MockDirectory() as directory:
...     guid = directory.add_user("alice", password="Old-Passw0rd")
...     receipt = directory.reset_password("alice", "New-Passw0rd-1")
>>> receipt.history
'enforced'

:class:`ActiveDirectory` talks to a real domain, :class:`MockDirectory` is one in memory for tests; the ``Async`` twins are for asyncio.
"""

from __future__ import annotations

import atexit

from . import _native
from ._audit import AuditCallback
from ._given import Password, Seconds
from .directory import ActiveDirectory, AsyncActiveDirectory, BindPassword
from .errors import (
    AccountError,
    CallerError,
    ChannelError,
    DirectoryError,
    OutcomeError,
    PolicyError,
    ProtectionError,
    ServiceAccountError,
    WritebackError,
)
from .generate import generate_password
from .identity import AnyIdentity, Identity
from .limits import Limit, RateLimits
from .many import ResetRequest, ResetResult
from .mock import AsyncMockDirectory, Fault, MockAccount, MockClock, MockDirectory, MockPolicy
from .results import (
    Account,
    AuditEvent,
    Check,
    Command,
    Diagnosis,
    PasswordPolicy,
    PolicySource,
    Receipt,
    Verdict,
    Violation,
)
from .writeback import AsyncPasswordWriteback, PasswordWriteback

__version__: str = _native.__version__
"""The version of the package, and of the library below it."""

__all__ = [
    "Account",
    "AccountError",
    "ActiveDirectory",
    "AnyIdentity",
    "AsyncActiveDirectory",
    "AsyncMockDirectory",
    "AsyncPasswordWriteback",
    "AuditCallback",
    "AuditEvent",
    "BindPassword",
    "CallerError",
    "ChannelError",
    "Check",
    "Command",
    "Diagnosis",
    "DirectoryError",
    "Fault",
    "Identity",
    "Limit",
    "MockAccount",
    "MockClock",
    "MockDirectory",
    "MockPolicy",
    "OutcomeError",
    "Password",
    "PasswordPolicy",
    "PasswordWriteback",
    "PolicyError",
    "PolicySource",
    "ProtectionError",
    "RateLimits",
    "Receipt",
    "ResetRequest",
    "ResetResult",
    "Seconds",
    "ServiceAccountError",
    "Verdict",
    "Violation",
    "WritebackError",
    "__version__",
    "generate_password",
]

# A write that is on its way is carried through and recorded before the interpreter goes.
atexit.register(_native.shut_down)

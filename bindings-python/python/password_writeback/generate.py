"""Random passwords that satisfy a policy."""

from __future__ import annotations

from . import _native
from .results import PasswordPolicy


def generate_password(policy: PasswordPolicy) -> bytearray:
    """A random password that satisfies the policy of an account, as :meth:`PasswordWriteback.password_policy` tells it.

    It has at least 20 characters, all of them ASCII, none that people confuse, and none that means something in a CSV file or a shell.
    The ``bytearray`` is the caller's: handing it to an operation wipes it, so keep what the owner of the account is to be told first.

    >>> from password_writeback import MockDirectory, generate_password
    >>> with MockDirectory() as directory:
    ...     guid = directory.add_user("alice")
    ...     password = generate_password(directory.password_policy("alice"))
    ...     receipt = directory.reset_password("alice", password)
    >>> any(password)
    False

    Raises:
        WritebackError: ``UNSUPPORTED`` where the policy asks for more than Active Directory takes.
    """
    return _native.generate_password(policy.to_json())

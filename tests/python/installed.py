"""Uses the package as it was installed: from a folder where there is nothing else to import."""

import asyncio
import importlib.metadata
import pathlib
import sys

import password_writeback
from password_writeback import AsyncMockDirectory, MockDirectory, PolicyError, WritebackError

home = pathlib.Path(password_writeback.__file__).parent
assert home.is_relative_to(sys.prefix), home
assert (home / "py.typed").exists()
assert (home / "_native.pyi").exists()

distribution = importlib.metadata.distribution("password-writeback")
assert distribution.version == password_writeback.__version__
assert not distribution.requires, distribution.requires
assert distribution.metadata["License-Expression"] == "MIT OR Apache-2.0"
names = [str(file) for file in distribution.files or []]
assert any("LICENSE-MIT" in name for name in names), names
assert any("LICENSE-APACHE" in name for name in names), names
assert "Tag: cp310-abi3" in (distribution.read_text("WHEEL") or ""), distribution.read_text("WHEEL")
assert "MockDirectory" in (distribution.metadata.get_payload() or ""), "the README is not there"

with MockDirectory() as directory:
    directory.add_user("alice", password="Old-Passw0rd-1", locked=True)
    secret = bytearray(b"New-Passw0rd-2")
    receipt = directory.reset_password("alice", secret, unlock=True)
    assert receipt.unlocked
    assert not any(secret)
    try:
        directory.change_password("alice", "New-Passw0rd-2", "New-Passw0rd-2")
    except PolicyError as error:
        assert {violation.rule for violation in error.violations} <= {"history", "min_age"}
        assert error.outcome == "not_applied"
    else:
        raise AssertionError("a password was set again")


async def awaiting() -> None:
    async with AsyncMockDirectory() as directory:
        directory.add_user("bob", password="Old-Passw0rd-1")
        assert (await directory.find_account("bob")).sam_account_name == "bob"
        try:
            await directory.find_account("nobody")
        except WritebackError as error:
            assert error.code == "ACCOUNT_NOT_FOUND"


asyncio.run(awaiting())
print(f"installed and at work: {distribution.name} {distribution.version}")

"""The code of the README runs, in the order it stands there, with a mock directory in the place of Active Directory."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import password_writeback
import pytest
from conftest import OLD
from password_writeback import AsyncMockDirectory, MockDirectory

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
NETWORK = ("servers", "bind_user", "bind_password", "ca_file")


def mock(kind: type[Any]) -> Any:
    """What a program takes for Active Directory."""

    def make(**settings: Any) -> Any:
        assert settings["servers"]
        subtrees = ["DC=corp,DC=example"] if "allowed_subtrees" in settings else None
        rules = {name: value for name, value in settings.items() if name not in (*NETWORK, "allowed_subtrees")}
        directory = kind(**rules, allowed_subtrees=subtrees)
        for name in ("alice", "bob"):
            directory.add_user(name, password=OLD, locked=name == "alice")
        return directory

    return make


# What an example takes for given, and what it is: all other names are its own.
GIVEN: dict[str, tuple[str, Any]] = {
    "servers": ("list[str]", ["ldaps://dc1.corp.example"]),
    "bind_user": ("str", "svc-writeback@corp.example"),
    "bind_password": ("str", "secret"),
    "ca_file": ("str | None", None),
    "old_password": ("str", OLD),
    "candidate": ("str", "Candidate-Passw0rd-2"),
    "new_password": ("str", "New-Passw0rd-9"),
    "new_passwords": ("list[tuple[str, str]]", [("bob", "New-Passw0rd-9"), ("nobody", "New-Passw0rd-9")]),
    "directory": ("PasswordWriteback", None),
}


def given(**others: Any) -> dict[str, Any]:
    return {name: value for name, (_, value) in GIVEN.items()} | others


def test_every_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(password_writeback, "ActiveDirectory", mock(MockDirectory))
    monkeypatch.setattr(password_writeback, "AsyncActiveDirectory", mock(AsyncMockDirectory))
    assert len(BLOCKS) == 5
    use, coroutine, many, errors, tests = (
        compile(block, f"README {number}", "exec") for number, block in enumerate(BLOCKS)
    )
    exec(use, given())
    assert "dc1.corp.example re_read" in capsys.readouterr().out
    names = given()
    exec(coroutine, names)
    asyncio.run(names["rescue"](["alice", "bob"]))

    exec(many, given(directory=mock(MockDirectory)(servers=["x"])))
    told = capsys.readouterr().out
    assert "bob on dc1.corp.example" in told
    assert "nobody (number 1) not_applied" in told

    names = given(directory=mock(MockDirectory)(servers=["x"]), new_password="short")
    exec(errors, names)
    assert "min_length 7 None" in capsys.readouterr().out
    names["directory"].fail_next("unreachable")
    exec(errors, names)
    assert "UNREACHABLE" in capsys.readouterr().out
    exec(tests, given())


@pytest.mark.parametrize("number", range(5))
def test_every_example_is_sound(tmp_path: Path, number: int) -> None:
    """For the type checker, too, with nothing but what it takes for given."""
    block = BLOCKS[number]
    declared = [f"{name}: {kind}" for name, (kind, _) in GIVEN.items() if f"as {name}:" not in block]
    program = tmp_path / "example.py"
    program.write_text("\n".join(["from password_writeback import PasswordWriteback", *declared, block]))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_names_every_class_of_error() -> None:
    for name in password_writeback.__all__:
        if name.endswith("Error"):
            assert f"`{name}`" in README

"""The code of the README runs, in the order it stands there, with a mock directory in the place of Active Directory."""

from __future__ import annotations

import asyncio
import re
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


def test_every_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(password_writeback, "ActiveDirectory", mock(MockDirectory))
    monkeypatch.setattr(password_writeback, "AsyncActiveDirectory", mock(AsyncMockDirectory))
    assert len(BLOCKS) == 5
    names: dict[str, Any] = {name: getattr(password_writeback, name) for name in password_writeback.__all__}
    names |= {
        "servers": ["ldaps://dc1.corp.example"],
        "bind_user": "svc-writeback@corp.example",
        "ca_file": None,
        "bind_password": "secret",
        "old_password": OLD,
        "candidate": "Candidate-Passw0rd-2",
        "new_password": "New-Passw0rd-9",
    }
    use, coroutine, many, errors, tests = (
        compile(block, f"README {number}", "exec") for number, block in enumerate(BLOCKS)
    )
    exec(use, names)
    assert "dc1.corp.example re_read" in capsys.readouterr().out
    exec(coroutine, names)
    asyncio.run(names["rescue"](["alice", "bob"]))

    names["directory"] = mock(MockDirectory)(servers=["x"])
    names["new_passwords"] = [("bob", "New-Passw0rd-9"), ("nobody", "New-Passw0rd-9")]
    exec(many, names)
    told = capsys.readouterr().out
    assert "bob on dc1.corp.example" in told
    assert "nobody (number 1) not_applied" in told

    names["directory"] = mock(MockDirectory)(servers=["x"])
    names["new_password"] = "short"
    exec(errors, names)
    assert "min_length 7 None" in capsys.readouterr().out
    names["directory"].fail_next("unreachable")
    exec(errors, names)
    assert "UNREACHABLE" in capsys.readouterr().out
    exec(tests, names)


def test_it_names_every_class_of_error() -> None:
    for name in password_writeback.__all__:
        if name.endswith("Error"):
            assert f"`{name}`" in README

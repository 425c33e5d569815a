"""The types hold: for a program that uses everything, for the package itself, and for the native part beside its stub."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import password_writeback
import pytest
import sample
from password_writeback import words

HERE = Path(__file__).parent


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=HERE.parent, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_program_that_uses_everything_is_sound() -> None:
    run("mypy", "--strict", "--config-file", "pyproject.toml", "tests/sample.py")


def test_nothing_public_is_of_any_type() -> None:
    """With these options an expression whose type is Any, or has one within, is an error."""
    run(
        "mypy",
        "--strict",
        "--disallow-any-expr",
        "--disallow-any-decorated",
        "--config-file",
        "pyproject.toml",
        "tests/sample.py",
    )


def test_the_stub_is_true() -> None:
    run("mypy.stubtest", "password_writeback")


def test_wrong_uses_are_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from password_writeback import MockDirectory\n"
        "directory = MockDirectory(history='always')\n"
        "directory.reset_password('alice', 5)\n"
        "directory.reset_password('alice', 'x', unlok=True)\n"
        "directory.find_account('alice').enabled = False\n"
        "if directory.find_account('alice').sam_account_name == 5: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(wrong)], capture_output=True, text=True, check=False
    )
    for line in (2, 3, 4, 5, 6):
        assert f"wrong.py:{line}: error" in done.stdout, done.stdout


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    sample.main()
    assert "reset_password" in capsys.readouterr().out


def hinted(public: object) -> list[object]:
    """A class with all that it has and inherits, or a function."""
    if not inspect.isclass(public):
        return [public] if inspect.isfunction(public) else []
    members = [member for _, member in inspect.getmembers(public)]
    functions = [member.fget if isinstance(member, property) else member for member in members]
    ours = [function for function in functions if inspect.isfunction(function) or inspect.ismethod(function)]
    return [public, *(one for one in ours if one.__module__.startswith("password_writeback"))]


def test_every_hint_can_be_resolved() -> None:
    found = {name: hinted(getattr(password_writeback, name)) for name in password_writeback.__all__}
    for name, public in found.items():
        for one in public:
            try:
                typing.get_type_hints(one)
            except NameError as error:
                raise AssertionError(f"{name}: {one}: {error}") from error
    assert len(found["MockDirectory"]) > 30
    assert typing.get_type_hints(password_writeback.Identity)["kind"] == words.IdentityKind | None


def test_every_operation_documents_itself() -> None:
    """Some tools ask a method itself, and not the class that it is inherited from."""
    for kind in (password_writeback.MockDirectory, password_writeback.AsyncMockDirectory):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            assert name.startswith("_") or method.__doc__, name


def test_everything_public_is_documented() -> None:
    for name in password_writeback.__all__:
        public = getattr(password_writeback, name)
        if inspect.isclass(public) and public.__module__.startswith("password_writeback"):
            assert inspect.getdoc(public), name
            for member, value in inspect.getmembers(public, inspect.isfunction):
                documented = member.startswith("_") or inspect.getdoc(value) or inspect.getdoc(getattr(public, member))
                assert documented, f"{name}.{member}"

"""No password is left where somebody could find it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

import pytest
from conftest import NEW, OLD, run_python
from password_writeback import (
    ActiveDirectory,
    AsyncMockDirectory,
    CallerError,
    Fault,
    MockDirectory,
    PolicyError,
    ResetRequest,
    WritebackError,
)

SECRET = "S3cret-Marker-7f"
LONE = SECRET + "\ud800"


def wiped(array: bytearray) -> bool:
    return len(array) == len(SECRET) and not any(array)


def call(directory: Any, method: str, *args: Any, **kwargs: Any) -> None:
    with contextlib.suppress(WritebackError, TypeError, ValueError):
        getattr(directory, method)(*args, **kwargs)


def ask(directory: Any, *args: Any, **kwargs: Any) -> None:
    with contextlib.suppress(TypeError):
        list(directory.reset_many([ResetRequest(*args, **kwargs)]))


def hold(*args: Any, **kwargs: Any) -> None:
    ResetRequest(*args, **kwargs)


class Row(Sequence[bytearray]):
    """A sequence that is no list."""

    def __init__(self, secret: bytearray) -> None:
        self._secret = secret

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        if index == 0:
            return self._secret
        raise IndexError


class Broken(list[str]):
    """A list that cannot be read."""

    def __iter__(self) -> Iterator[str]:
        raise ValueError("broken")


PATHS: list[tuple[str, Callable[[Any, bytearray], None]]] = [
    ("success", lambda d, s: call(d, "reset_password", "alice", s)),
    ("keyword", lambda d, s: call(d, "reset_password", "alice", new_password=s)),
    ("not found", lambda d, s: call(d, "reset_password", "nobody", s)),
    ("wrong value", lambda d, s: call(d, "reset_password", "alice", s, history="always")),
    ("wrong option", lambda d, s: call(d, "reset_password", "alice", s, unlok=True)),
    ("misspelt keyword", lambda d, s: call(d, "reset_password", "alice", new_pasword=s)),
    ("wrong type of option", lambda d, s: call(d, "reset_password", "alice", s, unlock=object())),
    ("wrong type of identity", lambda d, s: call(d, "reset_password", 5, s)),
    ("too many arguments", lambda d, s: call(d, "reset_password", "alice", "x", s)),
    ("no identity", lambda d, s: call(d, "reset_password", new_password=s)),
    ("beside a wrong type", lambda d, s: call(d, "change_password", "alice", 5, s)),
    ("before a wrong type", lambda d, s: call(d, "change_password", "alice", s, 5)),
    ("old password", lambda d, s: call(d, "change_password", "alice", s, NEW)),
    ("candidate", lambda d, s: call(d, "check_password", "alice", s)),
    ("swapped", lambda d, s: call(d, "reset_password", s, "alice")),
    ("mock user", lambda d, s: call(d, "add_user", "carol", password=s)),
    ("former password", lambda d, s: call(d, "add_user", "carol", former_passwords=[s])),
    ("former password in a deque", lambda d, s: call(d, "add_user", "carol", former_passwords=deque([s]))),
    ("former password in a sequence", lambda d, s: call(d, "add_user", "carol", former_passwords=Row(s))),
    ("former password, given one by one", lambda d, s: call(d, "add_user", "carol", former_passwords=(x for x in [s]))),
    ("former password, wrong mock user", lambda d, s: call(d, "add_user", 5, former_passwords=Row(s), kind="dog")),
    ("former password, wrong option", lambda d, s: call(d, "add_user", 5, former_passwords=deque([s]), guid=object())),
    ("beside a list that raises", lambda d, s: call(d, "add_user", "carol", former_passwords=Broken(), password=s)),
    ("in a list", lambda d, s: call(d, "reset_password", "alice", [s])),
    ("wrong mock user", lambda d, s: call(d, "add_user", "carol", password=s, kind="dog")),
    ("verify", lambda d, s: call(d, "verify_password", "alice", s)),
    ("bind", lambda d, s: call(d, "bind", "alice", s)),
    ("fault", lambda d, s: call(Fault, "other_writer", "write", s)),
    ("request", lambda d, s: ask(d, "alice", s)),
    ("request by keyword", lambda d, s: ask(d, identity="alice", new_password=s)),
    ("request, not found", lambda d, s: ask(d, "nobody", s)),
    ("request, wrong value", lambda d, s: ask(d, "alice", s, history="always")),
    ("request, wrong option", lambda d, s: ask(d, "alice", s, unlok=True)),
    ("request, wrong type", lambda d, s: ask(d, "alice", s, unlock=object())),
    ("request, wrong identity", lambda d, s: ask(d, 5, s)),
    ("request, too many", lambda d, s: ask(d, "alice", "x", s)),
    ("request, swapped", lambda d, s: ask(d, s, "alice")),
    ("request, never used", lambda _, s: hold("alice", s)),
]


@pytest.mark.parametrize(("name", "use"), PATHS, ids=[name for name, _ in PATHS])
@pytest.mark.parametrize("closed", [False, True])
def test_a_bytearray_is_wiped_on_every_path(
    directory: MockDirectory, name: str, use: Callable[[Any, bytearray], None], closed: bool
) -> None:
    if closed:
        directory.close()
    secret = bytearray(SECRET, "utf-8")
    use(directory, secret)
    assert wiped(secret), name


def test_former_passwords_may_be_given_one_by_one(directory: MockDirectory) -> None:
    given: list[Any] = [deque([OLD]), iter([OLD]), (password for password in [OLD]), {OLD: 1}.keys(), [OLD], (OLD,)]
    for number, former in enumerate(given):
        directory.add_user(f"user{number}", password="Current-Passw0rd-1", former_passwords=former)
        with pytest.raises(PolicyError):
            directory.reset_password(f"user{number}", OLD)
    directory.add_user("other", password="Current-Passw0rd-1")
    directory.reset_password("other", OLD)


def test_what_former_passwords_raise_is_raised(directory: MockDirectory) -> None:
    def given() -> Iterator[str]:
        yield SECRET
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone") as caught:
        directory.add_user("carol", former_passwords=given())  # type: ignore[arg-type]
    assert SECRET not in repr(frames(caught.value.__traceback__))
    with pytest.raises(ValueError, match="broken"):
        directory.add_user("carol", former_passwords=Broken([SECRET]))
    assert directory.account("carol") is None


NESTED = """
from password_writeback import MockDirectory
directory = MockDirectory()
directory.add_user("alice")
itself = []
itself.append(itself)
deep = []
for _ in range(1_000_000):
    deep = [deep]
for wrong in (itself, deep, [["x"]], (itself,)):
    for use in (
        lambda: directory.reset_password("alice", wrong),
        lambda: directory.add_user("carol", password=wrong),
        lambda: directory.add_user("carol", former_passwords=wrong),
    ):
        try:
            use()
        except TypeError as error:
            print(error)
"""


def test_a_list_within_itself_is_no_password() -> None:
    assert run_python(NESTED).splitlines() == ["a password must be str or bytearray, not list"] * 12


def test_a_bytearray_that_is_not_utf8_is_wiped(directory: MockDirectory) -> None:
    secret = bytearray(b"\xff" * 9)
    with pytest.raises(CallerError) as caught:
        directory.reset_password("alice", secret)
    assert (caught.value.code, caught.value.reason) == ("INVALID_PASSWORD", "not_unicode")
    assert not any(secret)


def test_a_constructor_wipes_too(tmp_path: Any) -> None:
    attempts: list[dict[str, Any]] = [
        {"servers": ["ldaps://dc1"]},
        {"servers": []},
        {"servers": ["ldaps://dc1"], "histori": "off"},
    ]
    for settings in attempts:
        secret = bytearray(SECRET, "utf-8")
        try:
            directory = ActiveDirectory(bind_user="svc", bind_password=secret, **settings)
            assert SECRET not in repr(directory) + repr(vars(directory))
        except (CallerError, TypeError):
            pass
        assert wiped(secret)


async def test_coroutines_wipe_before_they_are_awaited() -> None:
    directory = AsyncMockDirectory()
    directory.add_user("alice", password=OLD)
    secret = bytearray(SECRET, "utf-8")
    coroutine = directory.reset_password("alice", secret)
    assert wiped(secret)
    await coroutine
    assert directory.verify_password("alice", SECRET)
    never = directory.reset_password("alice", bytearray(SECRET, "utf-8"))
    never.close()
    task = asyncio.ensure_future(directory.reset_password("alice", secret := bytearray(SECRET, "utf-8")))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wiped(secret)


def test_the_text_of_a_bytearray_is_the_password(directory: MockDirectory) -> None:
    directory.reset_password("alice", bytearray("Größe-Ünï-😀", "utf-8"))
    assert directory.verify_password("alice", "Größe-Ünï-😀")


def frames(trace: TracebackType | None) -> list[Any]:
    """What the frames below the test's own hold."""
    held = []
    while trace is not None:
        if "password_writeback" in trace.tb_frame.f_code.co_filename:
            held.append(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return held


def chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def assert_traceless(error: BaseException, marker: str) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None
    for one in chain(error):
        shown = repr(one) + str(one) + repr(one.args) + repr(vars(one)) + repr(frames(one.__traceback__))
        shown += "".join(traceback.TracebackException.from_exception(one, capture_locals=False).format())
        assert marker not in shown


@pytest.mark.parametrize("use", ["reset", "change_old", "change_new", "check", "user"])
def test_a_lone_surrogate_is_refused_without_a_trace(directory: MockDirectory, use: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "reset": lambda: directory.reset_password("alice", LONE),
        "change_old": lambda: directory.change_password("alice", LONE, NEW),
        "change_new": lambda: directory.change_password("alice", OLD, LONE),
        "check": lambda: directory.check_password("alice", LONE),
        "user": lambda: directory.add_user("carol", password=LONE),
    }
    with pytest.raises(CallerError) as caught:
        calls[use]()
    assert (caught.value.code, caught.value.reason) == ("INVALID_PASSWORD", "not_unicode")
    assert_traceless(caught.value, SECRET)


@pytest.mark.parametrize("wrong", [LONE, bytearray(SECRET, "utf-8") + b"\xff"], ids=["lone", "not utf-8"])
def test_nor_among_many(directory: MockDirectory, wrong: str | bytearray) -> None:
    (result,) = directory.reset_many([ResetRequest("alice", wrong)])
    assert result.error is not None
    assert (result.error.code, result.error.reason) == ("INVALID_PASSWORD", "not_unicode")
    assert_traceless(result.error, SECRET)
    assert SECRET not in repr(result)


async def test_nor_among_many_that_are_awaited() -> None:
    directory = AsyncMockDirectory()
    (result,) = [result async for result in directory.reset_many([ResetRequest("alice", LONE)])]
    assert result.error is not None
    assert_traceless(result.error, SECRET)
    for wrong in (["alice", SECRET], SECRET):
        with pytest.raises(TypeError) as caught:
            [result async for result in directory.reset_many([wrong])]  # type: ignore[list-item]
        assert_traceless(caught.value, SECRET)

        async def given(wrong: Any = wrong) -> AsyncIterator[Any]:
            yield wrong

        with pytest.raises(TypeError) as caught:
            [result async for result in directory.reset_many(given())]
        assert_traceless(caught.value, SECRET)


def spent(request: ResetRequest) -> bool:
    """Whether the password of a request is gone: a request that is given again says so."""
    with MockDirectory() as other:
        (result,) = other.reset_many([request])
    return result.error is not None and "has been used" in result.error.message


def test_the_password_of_a_request_that_was_taken_is_gone(directory: MockDirectory) -> None:
    def asked(identity: str = "alice", **options: Any) -> ResetRequest:
        return ResetRequest(identity, SECRET, **options)

    kept = asked()
    assert not spent(asked())
    taken = [asked(), asked("nobody"), asked(history="always"), asked("al\ud800ice")]
    assert len(list(directory.reset_many(taken))) == 4
    directory.fail_next(Fault.bind_failed("wrong_credentials"))
    refused = [asked(), asked()]
    list(directory.reset_many(refused))
    directory.close()
    closed = [asked()]
    list(directory.reset_many(closed))
    assert all(map(spent, taken + refused + closed))
    assert not spent(kept), "it was never given"


async def test_nor_in_a_coroutine() -> None:
    directory = AsyncMockDirectory()
    with pytest.raises(CallerError) as caught:
        await directory.reset_password("alice", LONE)
    assert_traceless(caught.value, SECRET)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda d: d.reset_password("alice", SECRET, unlok=True),
        lambda d: d.reset_password("alice", new_pasword=SECRET),
        lambda d: d.reset_password("alice", SECRET, history="always"),
        lambda d: d.reset_password("alice", SECRET, unlock=object()),
        lambda d: d.reset_password("nobody", SECRET),
        lambda d: d.change_password("alice", SECRET, SECRET + "x"),
        lambda d: d.reset_password("alice", OLD, SECRET),
        lambda _: hold("alice", SECRET, unlok=True),
        lambda _: hold("alice", SECRET, unlock=object()),
        lambda _: hold("alice", [SECRET]),
        lambda d: list(d.reset_many([("alice", SECRET)])),
        lambda d: list(d.reset_many(iter([SECRET]))),
        lambda d: list(d.reset_many([ResetRequest("alice", SECRET), SECRET], concurrency=1)),
    ],
)
def test_errors_and_their_frames_hold_no_password(directory: MockDirectory, wrong: Callable[[Any], object]) -> None:
    with pytest.raises((WritebackError, TypeError)) as caught:
        wrong(directory)
    assert_traceless(caught.value, SECRET)


def test_nothing_shows_a_password(directory: MockDirectory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fault = Fault.other_writer("write", SECRET)
    directory.fail_next(fault)
    shown = [fault, directory, directory.clock, vars(directory), directory._native]
    shown += [
        directory.reset_password("alice", SECRET, history="off"),
        directory.account("alice"),
        Fault.tls("expired"),
    ]
    real = ActiveDirectory(servers=["ldaps://dc1"], bind_user="svc", bind_password=SECRET)
    shown += [real, vars(real), real._native]
    asked = ResetRequest("alice", SECRET, correlation_id="c-1", history="off")
    shown += [asked, asked._password, asked._options, *directory.reset_many([asked])]
    assert SECRET not in "".join(repr(one) + str(one) for one in shown) + caplog.text


def test_a_fault_can_be_armed_twice(directory: MockDirectory) -> None:
    fault = Fault.other_writer("read", "Other-Passw0rd-9")
    directory.fail_next(fault)
    directory.fail_next(fault)
    assert directory.pending_faults == 2


def test_secrets_are_not_kept_alive(directory: MockDirectory) -> None:
    gc.collect()
    before = sum(type(one).__name__ == "Secret" for one in gc.get_objects())
    for _ in range(50):
        directory.check_password("alice", SECRET)
        list(directory.reset_many([ResetRequest("alice", SECRET, history="off")]))
        directory.reset_many([ResetRequest("alice", SECRET)]).close()
    assert sum(type(one).__name__ == "Secret" for one in gc.get_objects()) == before

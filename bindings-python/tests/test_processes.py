"""Forks, the end of the interpreter, and other interpreters: it works, or says at once why not."""

from __future__ import annotations

import multiprocessing
import sys

import pytest
from conftest import NEW, OLD, run_python
from password_writeback import CallerError, MockDirectory

FORK = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from password_writeback import Fault, MockDirectory, WritebackError
directory = MockDirectory()
directory.add_user("alice", password="Old-Passw0rd-1")
{before}
sys.stdout.flush()
child = os.fork()
if child == 0:
    try:
        {inside}
    except WritebackError as error:
        print(error.code, error.message, flush=True)
    sys.stdout.flush()
    os._exit(0)
began = time.monotonic()
while time.monotonic() - began < 20:
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        break
    time.sleep(0.02)
else:
    os.kill(child, 9)
    print("the child hangs")
print("parent", directory.find_account("alice").sam_account_name)
"""


def forked(before: str, inside: str) -> list[str]:
    return run_python(FORK.format(before=before, inside=inside)).splitlines()


def test_a_child_uses_what_it_inherits() -> None:
    inside = 'print("child", directory.reset_password("alice", "New-Passw0rd-2").operation)'
    for before in ("", 'directory.find_account("alice")', '[directory.find_account("alice") for _ in range(200)]'):
        assert forked(before, inside) == ["child reset_password", "parent alice"]


def test_writes_under_way_at_the_end_are_all_told() -> None:
    """An interpreter that ends may start no more threads, and every event is to be told all the same."""
    program = """
import os, threading, time
from password_writeback import Fault, MockDirectory
kept = []
for _ in range(5):
    mock = MockDirectory(audit=lambda event: os.write(1, f"{event.phase} {event.outcome}\\n".encode()))
    mock.add_user("alice", password="Old-Passw0rd-1")
    mock.fail_next(Fault.slow("write", 3))
    kept.append(mock)
    threading.Thread(target=mock.reset_password, args=("alice", "New-Passw0rd-1"), daemon=True).start()
while any(mock.pending_faults for mock in kept):
    time.sleep(0.01)
"""
    assert sorted(run_python(program).splitlines()) == ["finish applied"] * 5 + ["start None"] * 5


def test_a_child_calls_its_own_callback() -> None:
    before = """
directory = MockDirectory(audit=lambda event: print(event.phase, flush=True))
directory.add_user("alice", password="Old-Passw0rd-1")
directory.find_account("alice")
"""
    told = forked(before, 'print("child", directory.find_account("alice").sam_account_name)')
    twice = ["start", "finish"]
    assert told == [*twice, *twice, "child alice", *twice, "parent alice"]


def test_a_child_has_none_that_hang() -> None:
    before = """
from datetime import timedelta
from password_writeback import _audit
_audit.Recorder.patience = timedelta(seconds=2)
parent, release = os.getpid(), threading.Event()
directory = MockDirectory(audit=lambda event: os.getpid() == parent and release.wait())
directory.add_user("alice", password="Old-Passw0rd-1")
def find():
    try:
        directory.find_account("alice")
    except WritebackError as error:
        return error.message.split(": ")[-1]
finding = [threading.Thread(target=find) for _ in range(8)]
[thread.start() for thread in finding]
[thread.join() for thread in finding]
print(find())
os.register_at_fork(after_in_parent=release.set)
"""
    told = forked(before, 'print("child", directory.find_account("alice").sam_account_name)')
    assert told == ["8 calls of it hang", "child alice", "parent alice"]


def test_a_child_makes_its_own() -> None:
    inside = 'print("child", MockDirectory().find_account("Administrator").sam_account_name)'
    assert forked('directory.find_account("alice")', inside) == ["child Administrator", "parent alice"]


def test_a_fork_in_the_middle_of_a_call_is_told() -> None:
    before = """
directory.fail_next(Fault.slow("find", 3))
threading.Thread(target=directory.find_account, args=("alice",)).start()
while directory.pending_faults:
    time.sleep(0.01)
"""
    lines = forked(before, 'print("child", directory.find_account("alice").sam_account_name)')
    assert lines == [
        "CONFIGURATION this process was forked while the directory was in use: make another directory in the child",
        "parent alice",
    ]
    own = 'print("child", MockDirectory().find_account("Administrator").sam_account_name)'
    assert forked(before, own) == ["child Administrator", "parent alice"]


def test_a_grandchild_works() -> None:
    inside = """
        directory.find_account("alice")
        if os.fork() == 0:
            print("grandchild", directory.find_account("alice").sam_account_name, flush=True)
            os._exit(0)
        os.wait()
"""
    assert forked('directory.find_account("alice")', inside.strip()) == ["grandchild alice", "parent alice"]


def _reset_in_a_child(name: str) -> str:
    with MockDirectory() as directory:
        directory.add_user(name, password=OLD)
        return directory.reset_password(name, NEW).account.sam_account_name


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_multiprocessing(method: str) -> None:
    _reset_in_a_child("parent")
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(_reset_in_a_child, ["a", "b", "c"]) == ["a", "b", "c"]


WITHOUT_THREADS = """
import resource
from password_writeback import MockDirectory, WritebackError
def used():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmSize")) << 10
directory = MockDirectory()
directory.add_user("alice")
# The stack of a thread is 2 MiB.
resource.setrlimit(resource.RLIMIT_AS, (used() + ({room} << 20), resource.RLIM_INFINITY))
try:
    directory.find_account("alice")
except WritebackError as error:
    print(error.code, error.outcome, error.message)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(directory.find_account("alice").sam_account_name)
"""


@pytest.mark.parametrize("room", [1, 3, 5])
def test_without_a_thread_to_be_had_it_is_an_error(room: int) -> None:
    refused = "CONFIGURATION not_applied no thread could be started: operation would block"
    assert run_python(WITHOUT_THREADS.format(room=room)).splitlines() == [refused, "alice"]


def test_an_error_crosses_processes() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool, pytest.raises(CallerError) as caught:
        pool.apply(_wrong)
    assert caught.value.code == "CONFIGURATION"


def _wrong() -> None:
    MockDirectory(allowed_subtrees=["nonsense"])


def test_the_interpreter_ends_while_a_write_is_on_its_way() -> None:
    program = """
import threading, time
from password_writeback import Fault, MockDirectory
directory = MockDirectory(audit=lambda event: print(event.phase, event.outcome, flush=True))
directory.add_user("alice", password="Old-Passw0rd-1")
directory.fail_next(Fault.slow("write", 0.8))
threading.Thread(target=directory.reset_password, args=("alice", "New-Passw0rd-2"), daemon=True).start()
while directory.pending_faults:
    time.sleep(0.01)
"""
    assert run_python(program).splitlines() == ["start None", "finish applied"]


def test_the_interpreter_ends_while_nothing_was_written() -> None:
    program = """
import threading, time
from password_writeback import Fault, MockDirectory
directory = MockDirectory(audit=lambda event: print(event.phase, event.code, flush=True))
directory.fail_next(Fault.hang("open"))
def find():
    try:
        directory.find_account("alice")
    except Exception:
        pass
threading.Thread(target=find, daemon=True).start()
while directory.pending_faults:
    time.sleep(0.01)
"""
    assert run_python(program, timeout=25).splitlines() == ["start None", "finish CANCELLED"]


def test_the_interpreter_ends_with_many_calls_under_way() -> None:
    program = """
import asyncio, threading, time
from password_writeback import AsyncMockDirectory, Fault, MockDirectory, WritebackError
def call(directory):
    try:
        directory.diagnose()
    except WritebackError as error:
        assert error.code == "CANCELLED"
kept = [MockDirectory() for _ in range(10)]
for directory in kept:
    directory.fail_next(Fault.hang("open"))
    threading.Thread(target=call, args=(directory,), daemon=True).start()
async def main():
    directory = AsyncMockDirectory()
    directory.fail_always(Fault.slow("find", 0.2))
    asyncio.get_running_loop().create_task(directory.find_account("alice"))
    await asyncio.sleep(0.05)
while any(one.pending_faults for one in kept):
    time.sleep(0.01)
asyncio.run(main())
print("done")
"""
    assert run_python(program, timeout=25) == "done\n"


def test_after_the_end_calls_are_refused() -> None:
    program = """
import atexit
def late():
    try:
        directory.find_account("alice")
    except Exception as error:
        print(error.code, error.message)
atexit.register(late)
from password_writeback import MockDirectory
directory = MockDirectory()
"""
    assert run_python(program) == "CONFIGURATION the interpreter is shutting down\n"


def test_another_interpreter_is_refused_clearly() -> None:
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    program = f"""
import {module} as interpreters
import password_writeback
new = interpreters.create()
code = '''
try:
    import password_writeback
    print("imported")
except ImportError as error:
    print("ImportError", error, flush=True)
'''
(interpreters.exec if hasattr(interpreters, "exec") else interpreters.run_string)(new, code)
interpreters.destroy(new)
"""
    printed = run_python(program)
    assert printed.startswith("ImportError")
    assert "interpreter" in printed


ANSWERED_AT_THE_END = """
import asyncio, time
from password_writeback import AsyncMockDirectory
class Loop(asyncio.SelectorEventLoop):
    def call_soon_threadsafe(self, *args, **kwargs):
        handle = super().call_soon_threadsafe(*args, **kwargs)
        # Whoever hands the answer over is still at it when the interpreter ends.
        for _ in range(200):
            time.sleep(0.002)
        return handle
async def main():
    async with AsyncMockDirectory() as directory:
        print((await directory.find_account("Administrator")).sam_account_name)
loop = Loop()
loop.run_until_complete(main())
loop.close()
"""


def test_the_interpreter_may_end_as_soon_as_an_answer_has_come() -> None:
    assert run_python(ANSWERED_AT_THE_END) == "Administrator\n"


def test_it_ends_also_where_an_answer_is_never_taken() -> None:
    program = ANSWERED_AT_THE_END.replace("time.sleep(0.002)", "threading.Event().wait()")
    assert run_python(program.replace("import asyncio, time", "import asyncio, threading")) == "Administrator\n"

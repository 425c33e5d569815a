"""The table of behaviour through this package: all of it on the mock, a fixed third on each live domain controller.

With PASSWORD_WRITEBACK_TESTS=full all of it on those as well. `case_host` sets each case up and compares.
"""

from __future__ import annotations

import os
import sys

import pytest
from kit.hands import AsyncHands, Hands
from kit.program import Program

FULL = os.environ.get("PASSWORD_WRITEBACK_TESTS") == "full"
BACKENDS = ("mock", "mock_stated", "samba_4_17", "samba_4_24")


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """For whoever watches the tests, also where they pass."""
    with capsys.disabled():
        print(f"\n{line}", file=sys.stderr)


@pytest.mark.parametrize("hands", [Hands, AsyncHands], ids=["waiting", "awaiting"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_table(backend: str, hands: type[Hands], capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    with Program("case_host", backend) as host:
        cases = host.ask({"list": {}})["cases"]
        if not cases:
            assert os.environ.get("CI") != "true", f"{backend} is not installed, and with CI=true that is a failure"
            say(capsys, f"*** LEFT OUT: the cases on {backend}, which is not installed")
            pytest.skip(f"{backend} is not installed")
        if backend.startswith("samba") and hands is AsyncHands and not FULL:
            # The way to the server is the same; some show that the results are.
            cases = cases[::4]
        for case in cases:
            own = hands()
            reply = host.ask({"run": case})
            while "done" not in reply:
                reply = host.ask(own.answer(reply))
            if reply["done"] is not None:
                wrong.append(f"{case['case']}: {reply['done']}")
    say(capsys, f"{hands.__name__} on {backend}: {len(cases)} cases, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)

"""The table of behaviour through this package: all of it on the mock, a fixed third on each live domain controller.

With PASSWORD_WRITEBACK_TESTS=full all of it on those as well. `case_host` sets each case up and compares.
"""

from __future__ import annotations

import os
import sys

import pytest
from kit.hands import AsyncHands, Hands
from kit.program import Program

BACKENDS = ("mock", "mock_stated", "samba_4_17", "samba_4_24")


@pytest.mark.parametrize("hands", [Hands, AsyncHands], ids=["waiting", "awaiting"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_table(backend: str, hands: type[Hands]) -> None:
    live = backend.startswith("samba")
    wrong = []
    with Program("case_host", backend) as host:
        cases = host.ask({"list": {}})["cases"]
        if not cases:
            assert os.environ.get("CI") != "true", f"{backend} is not installed, and with CI=true that is a failure"
            sys.stderr.write(f"\n*** LEFT OUT: the cases on {backend}, which is not installed\n\n")
            pytest.skip(f"{backend} is not installed")
        if live and hands is AsyncHands:
            # The way to the server is the same; a few show that the results are.
            cases = cases[::6]
        for case in cases:
            own = hands()
            reply = host.ask({"run": case})
            while "done" not in reply:
                reply = host.ask(own.answer(reply))
            if reply["done"] is not None:
                wrong.append(f"{case['case']}: {reply['done']}")
    sys.stderr.write(f"{backend}: {len(cases)} cases\n")
    assert not wrong, "\n".join(wrong)

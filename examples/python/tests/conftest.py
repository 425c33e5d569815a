"""Where the programs and the test kit of the Python package are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "bindings-python" / "tests")]

from kit.program import SambaDc  # noqa: E402


@pytest.fixture(scope="session", params=["samba_4_17", "samba_4_24"])
def dc(request: pytest.FixtureRequest) -> Iterator[SambaDc]:
    """A real domain controller of each release."""
    with SambaDc(request.param) as dc:
        if why := dc.ready.get("missing"):
            assert os.environ.get("CI") != "true", f"{request.param}: {why}, and with CI=true that is a failure"
            pytest.skip(f"*** LEFT OUT: the Python programs on {request.param}: {why}")
        yield dc

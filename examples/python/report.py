"""The report."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from common import Row
from private_file import sync_folder


def write_report(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Writes the report whole, or leaves the former one as it is."""
    draft = path.with_name(path.name + ".part")
    with open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        # A spreadsheet must not take a text of the directory for a formula.
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path)


def _harmless(value: str) -> str:
    return "'" + value if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value

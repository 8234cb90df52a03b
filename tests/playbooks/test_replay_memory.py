"""A file of 100,000 log lines is diagnosed in less than three times its size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
MOST: Final = 3.0


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process's memory comes from getrusage")
@pytest.mark.parametrize("traffic", ["healthy", "failing", "errors"])
def test_memory_stays_below_three_times_the_file(traffic: str) -> None:
    """Measured as people run it: `medic replay` in a process of its own, less what a file without lines takes."""
    command = [sys.executable, str(ROOT / "benchmarks" / "replay_memory.py"), "--json", "--only", traffic]

    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)

    (row,) = json.loads(done.stdout)
    assert row["lines"] == 100_000
    assert 0 < row["ratio"] < MOST, row

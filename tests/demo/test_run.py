"""The demo leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_demo_ends_its_processes_and_removes_its_files(tmp_path: Path, sent: signal.Signals, status: int) -> None:
    """Interrupted while `sam build` runs and the local AWS is up."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-u", "-m", "bot", "demo"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr
        assert "local AWS is up" in demo.stderr.readline()
        time.sleep(1)
        children = _descendants(demo.pid)
        assert len(children) >= 2, "the local AWS and the SAM CLI run"

        demo.send_signal(sent)

        assert demo.wait(timeout=30) == status
    assert [pid for pid in children if _is_alive(pid)] == []
    assert list(scratch.iterdir()) == []
    assert [path.name for path in (tmp_path / "cache" / "lambda-medic").iterdir()] == []


def _descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

"""Big files, and runs in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import bot
from bot.models.incident_file import IncidentFile
from bot.playbooks.engine import diagnose
from tests.playbooks.made import DOWNSTREAM, EXIT, TIMEOUT, a_playbook, an_incident, invocation, request_id, timed_out

SET = (a_playbook(TIMEOUT), a_playbook(DOWNSTREAM), a_playbook(EXIT))
CHATTER = ("cache warm, 0 errors", "retrying upstream (1/3)", "caught ValueError('bad postcode'), answered 400")

PROGRAM = """
import sys
from pathlib import Path
from bot.models.incident_file import IncidentFile
from bot.playbooks.engine import diagnose
from bot.playbooks.loader import load
sys.stdout.write(diagnose(IncidentFile.load(Path(sys.argv[1])), load([Path(sys.argv[2])])).to_json())
"""


class TestMemory:
    def test_reading_and_diagnosing_stays_below_three_times_the_file(self, tmp_path: Path) -> None:
        healthy = [line for n in range(10, 3010) for line in invocation(request_id(n), CHATTER[n % 3])]
        path = tmp_path / "incident.json"
        path.write_text(an_incident(*timed_out(1), *healthy).to_json(), "utf-8")
        healthy.clear()
        diagnose(an_incident(*timed_out(1)), SET)  # compiles the patterns, which belong to the program and not to the file

        tracemalloc.start()
        try:
            answer = diagnose(IncidentFile.load(path), SET)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert answer.diagnoses[0].cause == "function-timeout"
        assert peak < 3 * path.stat().st_size


class TestOtherProcesses:
    def test_the_hash_seed_changes_no_byte(self, tmp_path: Path) -> None:
        """Python orders sets of words differently in each process, unless a seed is given."""
        (tmp_path / "set").mkdir()
        for name, text in (("function-timeout", TIMEOUT), ("slow-downstream", DOWNSTREAM), ("runtime-exit", EXIT)):
            (tmp_path / "set" / f"{name}.yaml").write_text("\n".join(line[4:] for line in text.strip("\n").splitlines()), "utf-8")
        slow = "Read timed out on api.example.com"
        lines = [line for n in range(40) for line in timed_out(n, slow if n % 3 else f"{slow}.{'abc'[n % 3]}")]
        (tmp_path / "incident.json").write_text(an_incident(*lines, "Runtime exited with error: exit status 1").to_json(), "utf-8")

        outputs = {
            subprocess.run(
                [sys.executable, "-c", PROGRAM, str(tmp_path / "incident.json"), str(tmp_path / "set")],
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(bot.__file__).parents[1])},
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2", "3")
        }

        assert len(outputs) == 1
        assert b"slow-downstream" in outputs.pop()

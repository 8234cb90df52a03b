"""The architecture is a test, not a drawing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

SITTING_LINES = 400
"""What can be read at one sitting."""


def tracked_files() -> list[Path]:
    """Return the files that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


class TestImports:
    def test_every_import_contract_is_kept(self) -> None:
        """Imports point downwards; the ack path stays light; only one module imports boto3."""
        done = subprocess.run(
            [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 0, done.stdout + done.stderr


class TestFiles:
    def test_modules_are_read_at_one_sitting(self) -> None:
        """A module that is longer does two things."""
        long = {str(p.relative_to(ROOT)): n for p in (ROOT / "bot").rglob("*.py") if (n := len(p.read_text().splitlines())) > SITTING_LINES}

        assert long == {}

    def test_no_file_names_a_registry_or_a_mirror(self) -> None:
        """Where packages come from is the reader's configuration."""
        address = re.compile(r"(--(extra-)?index[-]url|PIP_INDEX_URL|registry\s*=\s*http|\"resolved\":\s*\"http)")
        texts = (
            p
            for p in tracked_files()
            if p.suffix in {".py", ".toml", ".md", ".yaml", ".yml", ".txt", ".json", ".cfg", ""} and p != Path(__file__)
        )

        assert [str(p.relative_to(ROOT)) for p in texts if address.search(p.read_text(errors="replace"))] == []


class TestReadme:
    def test_its_first_two_fenced_blocks_are_one_line_each(self) -> None:
        """The first runs the demo, the second the tests; a reader needs nothing else."""
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)[:2]

        assert [len(b.strip().splitlines()) for b in blocks] == [1, 1]
        assert "medic demo" in blocks[0]
        assert "pytest" in blocks[1]

    def test_every_link_to_a_file_leads_somewhere(self) -> None:
        """A dead link in the first document a reader opens costs trust."""
        for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
            links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())

            assert [link for link in links if not (document.parent / link).exists()] == [], document.name

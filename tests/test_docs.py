"""Generated pages say what the build does now."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from bot.cli.bench import bench
from bot.cli.playbooks import playbooks

ROOT = Path(__file__).parents[1]

REMEDY = "run: medic playbooks docs && medic bench tests/incidents --title Accuracy --markdown docs/accuracy.md"


class TestPages:
    def test_the_playbook_pages_are_those_of_the_playbooks(self) -> None:
        """A page that lags behind its playbook misleads the person it was written for."""
        done = CliRunner().invoke(
            playbooks, ["docs", str(ROOT / "playbooks"), "--output", str(ROOT / "docs" / "playbooks"), "--check"], standalone_mode=False
        )

        assert done.return_value == 0, f"{done.output}\n{REMEDY}"

    def test_the_published_accuracy_is_what_this_build_measures(self, tmp_path: Path) -> None:
        """A figure that nobody can reproduce is no figure."""
        page = tmp_path / "accuracy.md"

        CliRunner().invoke(
            bench, [str(ROOT / "tests" / "incidents"), "--title", "Accuracy", "--markdown", str(page)], standalone_mode=False
        )

        assert page.read_text() == (ROOT / "docs" / "accuracy.md").read_text(), REMEDY

"""Generated pages say what the build does now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from bot.cli.bench import bench
from bot.cli.main import SUBCOMMANDS, cli
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


class TestCommands:
    def test_every_command_in_a_page_has_these_options(self) -> None:
        """A line that is copied and refused costs the minute that a reader has."""
        faults = [f"{place}: {fault}" for place, line in _commands() if (fault := _fault(line))]

        assert len(list(_commands())) > 40
        assert faults == []


def _commands() -> Iterator[tuple[str, str]]:
    """Yield each `medic ...` of the pages that people write, with its place."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            for found in re.findall(r"(?:^|`|&& |bin/)medic ([a-z][^`#|]*)", line):
                yield f"{page.name}:{number}", found


def _fault(line: str) -> str:
    """Return what `medic` would not know of a command line, or an empty text."""
    words = line.split()
    if words[0] not in SUBCOMMANDS:
        return f"medic {words[0]} is no command"
    command = cli.get_command(click.Context(cli), words[0])
    if isinstance(command, click.Group) and len(words) > 1:
        inside = command.commands.get(words[1])
        if inside is None:
            return f"medic {words[0]} {words[1]} is no command"
        command = inside
    assert command is not None
    known = {name for param in command.params for name in [*param.opts, *param.secondary_opts]}
    unknown = {word for word in words if re.fullmatch(r"--[a-z-]+", word)} - known
    return f"medic {words[0]} knows no {', '.join(sorted(unknown))}" if unknown else ""

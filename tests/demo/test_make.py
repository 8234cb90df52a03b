"""The demo builds on a machine that has Python and git, and no make."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.demo.make import recipe, with_make

ROOT = Path(__file__).parents[2]


class TestPath:
    def test_a_make_that_is_there_is_used(self, tmp_path: Path) -> None:
        """The stand-in is for machines without one."""
        (tmp_path / "make").write_text("#!/bin/sh\n")
        (tmp_path / "make").chmod(0o755)

        assert with_make(str(tmp_path), tmp_path / "unused") == str(tmp_path)

    def test_without_one_the_stand_in_runs_the_recipe(self, tmp_path: Path) -> None:
        """As `sam build` calls it: the Makefile, the target, and the folder for the artefacts in the environment."""
        makefile = tmp_path / "Makefile"
        makefile.write_text("build-Fn:\n\techo built > $(ARTIFACTS_DIR)/made\n")
        path = with_make("", tmp_path)

        done = subprocess.run(
            [str(tmp_path / "make"), "--makefile", str(makefile), "build-Fn"],
            env={**os.environ, "PATH": path + os.environ["PATH"], "ARTIFACTS_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
        )

        assert done.returncode == 0, done.stderr
        assert (tmp_path / "made").read_text() == "built\n"

    def test_a_recipe_that_fails_fails_the_build(self, tmp_path: Path) -> None:
        """Otherwise an empty package would be deployed."""
        makefile = tmp_path / "Makefile"
        makefile.write_text("build-Fn:\n\tfalse\n")
        with_make("", tmp_path)

        done = subprocess.run([str(tmp_path / "make"), "--makefile", str(makefile), "build-Fn"], capture_output=True)

        assert done.returncode == 1


class TestRecipe:
    @pytest.mark.parametrize("function", ["AckFunction", "InvestigateFunction", "RemediateFunction"])
    def test_reads_the_projects_own_makefile(self, function: str) -> None:
        """All functions of the template are built by it."""
        commands = recipe((ROOT / "deploy" / "Makefile").read_text(), f"build-{function}", {"PYTHON": "py", "ARTIFACTS_DIR": "out"})

        assert [command.split()[:2] for command in commands] == [["py", "deploy/package.py"]]
        assert "out" in commands[0]

    def test_an_unknown_target_is_refused(self) -> None:
        """As make refuses it."""
        with pytest.raises(KeyError):
            recipe("a:\n\ttrue\n", "b", {})

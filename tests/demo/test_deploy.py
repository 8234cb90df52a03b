"""What a build needs is found, and what goes wrong is said in the failing tool's own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.demo import deploy
from bot.errors import DemoError


def test_everything_a_build_needs_is_found() -> None:
    """Template, packaging, playbooks and the bot itself."""
    found = deploy.project_files()

    assert found["template.yaml"].read_text(encoding="utf-8").startswith("AWSTemplateFormatVersion")
    assert (found["deploy"] / "Makefile").is_file()
    assert list(found["playbooks"].glob("*.yaml"))
    assert (found["bot"] / "entrypoints").is_dir()


def test_outputs_are_those_of_the_template() -> None:
    """A missing one is named."""
    outputs = deploy.project_files()["template.yaml"].read_text(encoding="utf-8").split("\nOutputs:\n")[1]
    declared = re.findall(r"^  (\w+):\n    Description", outputs, re.MULTILINE)

    assert deploy.Stack.from_outputs(dict.fromkeys(declared, "x")).topic_arn == "x"
    with pytest.raises(DemoError, match="'FunctionUrl' is missing"):
        deploy.Stack.from_outputs({name: "x" for name in declared if name != "FunctionUrl"})


def test_failed_sam_command_says_what_sam_said(tmp_path: Path) -> None:
    """A reader must not have to run it again by hand."""
    with pytest.raises(DemoError, match=r"(?s)sam build ended with status \d+:.*nowhere\.yaml"):
        deploy.run_sam(["build", "--template", "nowhere.yaml"], tmp_path, {}, 60)


def test_endless_sam_command_is_ended(tmp_path: Path) -> None:
    """With its whole process group."""
    with pytest.raises(DemoError, match="did not end within 0 s"):
        deploy.run_sam(["build", "--template", "nowhere.yaml"], tmp_path, {}, 0.01)

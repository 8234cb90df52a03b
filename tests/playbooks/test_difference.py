"""Answers that an edit of the playbooks changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.errors import IncidentFileError, InputError, PlaybookError
from bot.playbooks.difference import changes, incident_files, playbooks_at
from bot.playbooks.loader import load
from tests.playbooks.made import DOWNSTREAM, TIMEOUT, an_incident, timed_out, write_set


def git(folder: Path, *arguments: str) -> None:
    """Run git as nobody in particular."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout whose folder `playbooks` is committed."""
    folder = tmp_path / "checkout"
    write_set(folder / "playbooks", TIMEOUT, DOWNSTREAM)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


class TestDifference:
    def test_lists_the_incidents_whose_first_answer_changes(self, checkout: Path, tmp_path: Path) -> None:
        files = tmp_path / "incidents"
        files.mkdir()
        (files / "late.json").write_text(an_incident(*timed_out(1)).to_json(), "utf-8")
        (files / "slow.json").write_text(an_incident("Read timed out on api.example.com").to_json(), "utf-8")
        write_set(checkout / "playbooks", TIMEOUT.replace("confidence: 0.9", "confidence: 0.4"))

        found = list(changes(incident_files(files), playbooks_at("HEAD", checkout / "playbooks"), load([checkout / "playbooks"])))

        assert [(change.path.name, change.before, change.after) for change in found] == [
            ("late.json", "function-timeout [raise-timeout]", "undetermined (function-timeout?)")
        ]

    @pytest.mark.parametrize("revision", ["no-such-branch", "--output=/tmp/x", "HEAD~9"])
    def test_a_revision_that_does_not_exist_is_refused(self, checkout: Path, revision: str) -> None:
        with pytest.raises(InputError, match="git rev-parse"):
            playbooks_at(revision, checkout / "playbooks")

    def test_faults_of_the_old_playbooks_name_the_revision(self, checkout: Path) -> None:
        write_set(checkout / "playbooks", TIMEOUT.replace("hop: function", "hop: nowhere"))
        git(checkout, "commit", "-q", "-a", "-m", "second")

        with pytest.raises(PlaybookError, match=r"HEAD:function-timeout\.yaml:5: hop: "):
            playbooks_at("HEAD", checkout / "playbooks")

    def test_a_folder_outside_of_any_checkout_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="not a git repository"):
            playbooks_at("HEAD", write_set(tmp_path / "loose", TIMEOUT))

    def test_a_file_that_is_no_incident_is_refused(self, checkout: Path, tmp_path: Path) -> None:
        (tmp_path / "wrong.json").write_text("[]", "utf-8")
        known = load([checkout / "playbooks"])

        with pytest.raises(IncidentFileError, match=r"wrong\.json"):
            list(changes([tmp_path / "wrong.json"], known, known))

    def test_a_folder_without_incidents_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="holds no incident file"):
            incident_files(tmp_path)

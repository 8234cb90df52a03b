"""Which incidents would get another answer after an edit of the playbooks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import IncidentFileError, InputError, PlaybookError
from bot.models.diagnosis import Answer
from bot.models.incident_file import IncidentFile
from bot.playbooks.engine import diagnose
from bot.playbooks.loader import SUFFIXES, parse
from bot.playbooks.model import Playbook

TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One incident whose first answer or verdict is another one."""

    path: Path
    before: str
    after: str


def playbooks_at(revision: str, folder: Path) -> tuple[Playbook, ...]:
    """Return the playbooks of a folder as they stood at a git revision.

    Raises:
        InputError: The folder is in no git checkout, or the revision does not exist.
        PlaybookError: A playbook of that revision is not valid.
    """
    # `--end-of-options` and the check by rev-parse keep a revision such as `--output=x` from being read as an option.
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    names = _git(folder, "ls-tree", "-z", "--name-only", commit, "--", "./").split("\0")
    faults: list[str] = []
    found: list[Playbook] = []
    for name in sorted(name for name in names if name.endswith(SUFFIXES)):
        source, wrong = parse(_git(folder, "show", f"{commit}:./{name}"), Path(name))
        faults += [f"{revision}:{fault}" for fault in wrong]
        found += [source.playbook] if source.playbook else []
    if faults:
        raise PlaybookError(faults)
    if not found:
        raise InputError(f"{revision} holds no playbook in {folder}")
    return tuple(found)


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise InputError(f"git cannot be run: {exc}") from exc
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()
        raise InputError(f"git {arguments[0]} {arguments[-1]} in {folder}: {reason[-1] if reason else 'no such revision'}")
    return done.stdout


def incident_files(folder: Path) -> list[Path]:
    """Return the incident files below a folder.

    Raises:
        InputError: There is none.
    """
    if folder.is_file():
        return [folder]
    files = sorted(file for file in folder.rglob("*.json") if file.name != "labels.json")
    if not files:
        raise InputError(f"{folder} holds no incident file (*.json)")
    return files


def changes(files: Sequence[Path], before: Sequence[Playbook], after: Sequence[Playbook]) -> Iterator[Change]:
    """Yield the incidents whose first answer or verdict changes.

    Raises:
        IncidentFileError: A file is no incident file.
    """
    faults = []
    for path in files:
        try:
            incident = IncidentFile.load(path)
        except IncidentFileError as exc:
            faults.append(str(exc))
            continue
        old, new = headline(diagnose(incident, before)), headline(diagnose(incident, after))
        if old != new:
            yield Change(path, old, new)
    if faults:
        raise IncidentFileError("\n".join(faults))


def headline(answer: Answer) -> str:
    """Return an answer in a few words: the first cause with its buttons, or the verdict with its hypotheses."""
    if not answer.diagnoses:
        supposed = ", ".join(hypothesis.cause for hypothesis in answer.hypotheses)
        return f"{answer.verdict}{f' ({supposed}?)' if supposed else ''}"
    first = answer.diagnoses[0]
    buttons = ", ".join(offer.action for offer in first.remediations)
    return f"{first.cause}{f' [{buttons}]' if buttons else ''}"

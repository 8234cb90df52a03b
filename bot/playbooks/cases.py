"""The cases of a playbook: incidents as data beside it, each with what must come out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from bot.errors import IncidentFileError, PlaybookError
from bot.models.diagnosis import Action
from bot.models.incident_file import IncidentFile
from bot.playbooks.conditions import Part
from bot.playbooks.engine import Examined
from bot.playbooks.lint import CASES
from bot.playbooks.loader import SUFFIXES
from bot.playbooks.marked_yaml import read
from bot.playbooks.model import Playbook

DEFAULT_FUNCTION: Final = "checkout"
FIRST_STAMP_MS: Final = 1_778_728_320_000
STREAM: Final = "2026/05/14/[$LATEST]ab12cd34"


class Case(Part):
    """One case: an incident, and whether its playbook must match it."""

    because: str = Field(min_length=1)
    source: str | None = None
    incident: dict[str, Any]
    expect: Literal["match", "silent"]
    first: bool | None = None
    remediations: tuple[Action, ...] | None = None
    declined: tuple[Action, ...] = ()
    undetermined: bool | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Case:
        if self.expect == "silent" and (self.first or self.remediations or self.declined):
            raise ValueError("a silent case has neither `first: true` nor remediations")
        return self


@dataclass(frozen=True, slots=True)
class LoadedCase:
    """A case with its incident file."""

    path: Path
    case: Case
    incident: IncidentFile


def load_cases(playbook_path: Path) -> list[LoadedCase]:
    """Return the cases beside a playbook, in the order of their names.

    Raises:
        PlaybookError: A case cannot be read; every fault of every case is in it.
    """
    folder = playbook_path.parent / CASES / playbook_path.stem
    files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES) if folder.is_dir() else []
    loaded: list[LoadedCase] = []
    faults: list[str] = []
    for file in files:
        try:
            loaded.append(load_case(file))
        except PlaybookError as exc:
            faults.extend(exc.faults)
    if faults:
        raise PlaybookError(faults)
    return loaded


def load_case(path: Path) -> LoadedCase:
    """Read one case.

    Raises:
        PlaybookError: It is no YAML, has an unknown or missing key, or its incident is not valid.
    """
    try:
        marked = read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise PlaybookError([f"{path}:1: {exc}"]) from exc
    if marked.faults:
        raise PlaybookError([fault.words(str(path)) for fault in marked.faults])
    try:
        case = Case.model_validate(marked.value)
    except ValidationError as exc:
        faults = [f"{path}:{marked.line(e['loc'])}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors()]
        raise PlaybookError(faults) from exc
    try:
        return LoadedCase(path, case, incident_of(case.incident))
    except (IncidentFileError, ValueError) as exc:
        raise PlaybookError([f"{path}:{marked.line(('incident',))}: incident: {exc}"]) from exc


def incident_of(partial: dict[str, Any]) -> IncidentFile:
    """Fill in what a partial incident leaves out: version, target, and the events of `log: [lines]`."""
    filled: dict[str, Any] = {"version": 1, "target": {}, **partial}
    target = {"function_name": DEFAULT_FUNCTION, "region": "eu-west-1", "account_id": "123456789012", **(filled["target"] or {})}
    filled["target"] = target
    lines = filled.pop("log", None)
    if lines is not None:
        group = f"/aws/lambda/{target['function_name'] or DEFAULT_FUNCTION}"
        filled["logs"] = [{"group": group, "events": _events(lines)}, *filled.get("logs", [])]
    for log in filled.get("logs") or []:
        if isinstance(log, dict) and "lines" in log:
            log["events"] = _events(log.pop("lines"))
    return IncidentFile.from_json(json.dumps(filled, default=str))


def _events(lines: Sequence[Any]) -> list[dict[str, Any]]:
    texts = [line if isinstance(line, str) else json.dumps(line, separators=(",", ":"), default=str) for line in lines]
    return [{"timestamp": FIRST_STAMP_MS + 100 * number, "stream": STREAM, "message": text} for number, text in enumerate(texts)]


def failures(case: Case, playbook: Playbook, examined: Examined) -> list[str]:
    """Return what came out other than the case says; empty when all is as expected."""
    is_match = any(ranked.id == playbook.id for ranked in examined.ranked) and examined.answer.verdict == "diagnosed"
    answer = examined.answer
    found = []
    if is_match != (case.expect == "match"):
        found.append(f"expected {case.expect}, but {playbook.id} {'matches' if is_match else 'stays silent'}")
    causes = [diagnosis.cause for diagnosis in answer.diagnoses]
    if case.first is not None and (causes[:1] == [playbook.cause]) is not case.first:
        found.append(f"expected {playbook.cause} {'first' if case.first else 'not first'}, got {', '.join(causes) or answer.verdict}")
    if case.undetermined is not None and (answer.verdict == "undetermined") is not case.undetermined:
        found.append(f"expected the verdict {'undetermined' if case.undetermined else 'not to be undetermined'}, got {answer.verdict}")
    return found + _remedy_failures(case, playbook, examined)


def _remedy_failures(case: Case, playbook: Playbook, examined: Examined) -> list[str]:
    own = [diagnosis for diagnosis in examined.answer.diagnoses if diagnosis.cause == playbook.cause]
    offered = [offer.action for diagnosis in own for offer in diagnosis.remediations]
    declined = [one.action for diagnosis in own for one in diagnosis.declined]
    found = []
    if case.remediations is not None and list(case.remediations) != offered:
        reasons = "; ".join(f"{one.action}: {one.why}" for diagnosis in own for one in diagnosis.declined)
        found.append(
            f"expected the remediations {', '.join(case.remediations) or 'none'}, got {', '.join(offered) or 'none'}"
            f"{f' (declined: {reasons})' if reasons else ''}"
        )
    missing = [action for action in case.declined if action not in declined]
    if missing:
        found.append(f"expected to be declined: {', '.join(missing)}; declined: {', '.join(declined) or 'none'}")
    return found

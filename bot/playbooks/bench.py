"""How good the answers are on labelled incidents: accuracy, precision, harm, calibration, confusion."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from bot.errors import IncidentFileError, InputError
from bot.models.diagnosis import Action, Answer, Verdict
from bot.models.incident_file import IncidentFile
from bot.playbooks.causes import CAUSES
from bot.playbooks.engine import diagnose
from bot.playbooks.model import Playbook

LABELS: Final = "labels.json"
FILES: Final = "files"
KINDS: Final = ("yes", "partly", "no", "control")
BINS: Final = 10
Z_95: Final = 1.96
NO_ANSWER: Final = "(no answer)"
NO_FAULT: Final = "(no fault)"


@checked(frozen=True, config=ConfigDict(extra="ignore"))
class Label:
    """What is known of one incident.

    `accept`: causes that are right as a first answer too; `answerable`: whether the file supports an answer at all.
    """

    id: str
    cause: str | None
    answerable: Literal["yes", "partly", "no", "control"]
    accept: tuple[str, ...] = ()
    helpful: tuple[Action, ...] = ()
    harmful_or_useless: tuple[Action, ...] = ()
    status: int | str | None = None
    front_door: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One incident with its answer."""

    label: Label
    verdict: Verdict
    causes: tuple[str, ...]
    confidence: float | None
    offered: tuple[str, ...]

    @property
    def good(self) -> set[str]:
        """Return the causes that are right."""
        return {*self.label.accept, *([self.label.cause] if self.label.cause else [])}

    @property
    def is_first(self) -> bool:
        """Tell whether the first answer is right; for a healthy function, giving none."""
        if self.causes:
            # The cause of a control is the trap that it sets, and not an answer.
            return self.causes[0] in (set(self.label.accept) if self.label.answerable == "control" else self.good)
        return self.label.answerable == "control"

    @property
    def is_in_three(self) -> bool:
        """Tell whether a right answer is among the first three."""
        return self.is_first or bool(self.good & set(self.causes[:3]))

    @property
    def harmful(self) -> tuple[str, ...]:
        """Return the buttons of the first answer that would do harm or nothing."""
        return tuple(sorted(set(self.offered) & set(self.label.harmful_or_useless)))

    @property
    def unhelpful(self) -> tuple[str, ...]:
        """Return the buttons of the first answer that nobody called helpful."""
        return tuple(sorted(set(self.offered) - set(self.label.helpful) - set(self.label.harmful_or_useless)))


def interval(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval. Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212."""
    if not total:
        return 0.0, 1.0
    share = right / total
    middle = share + Z_95**2 / (2 * total)
    half = Z_95 * math.sqrt(share * (1 - share) / total + Z_95**2 / (4 * total**2))
    return max(0.0, (middle - half) / (1 + Z_95**2 / total)), min(1.0, (middle + half) / (1 + Z_95**2 / total))


def read_labels(folder: Path) -> list[Label]:
    """Return the labels of a folder.

    Raises:
        InputError: There are none, two have the same id, a label and a file do not pair up, or a label is not valid.
    """
    path = folder / LABELS
    try:
        labels = TypeAdapter(list[Label]).validate_json(path.read_bytes())
    except OSError as exc:
        raise InputError(f"{path}: {exc.strerror or exc}") from exc
    except ValidationError as exc:
        faults = [f"{path}: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in exc.errors()[:10]]
        raise InputError("\n".join(faults)) from exc
    if not labels:
        raise InputError(f"{path}: holds no label; an empty table would say nothing")
    _refuse_partial(folder, labels)
    return labels


def _refuse_partial(folder: Path, labels: Sequence[Label]) -> None:
    """Figures over a part of the incidents would pass for figures over all."""
    ids = [label.id for label in labels]
    files = {file.stem for file in (folder / FILES).glob("*.json")}
    faults = [f"the label {name!r} is given {count} times" for name, count in sorted(Counter(ids).items()) if count > 1]
    faults += [f"the label {name!r} has no file {folder / FILES / name}.json" for name in sorted(set(ids) - files)]
    faults += [f"the file {folder / FILES / name}.json has no label" for name in sorted(files - set(ids))]
    for label in labels:
        # A control has no cause; what stands there in words is not compared with an answer.
        named = {*label.accept, *([str(label.cause)] if label.answerable != "control" else [])}
        faults += [f"the label {label.id!r} names the unknown cause {cause!r}" for cause in sorted(named - set(CAUSES))]
    if faults:
        raise InputError("\n".join(faults))


def run(folder: Path, playbooks: Sequence[Playbook], progress: Callable[[int, int], None] | None = None) -> list[Row]:
    """Answer every labelled incident of a folder.

    Raises:
        InputError: The labels are not usable, or a file cannot be read; nothing is answered in part.
    """
    labels = read_labels(folder)
    rows, faults = [], []
    for number, label in enumerate(labels, start=1):
        try:
            incident = IncidentFile.load(folder / FILES / f"{label.id}.json")
        except IncidentFileError as exc:
            faults.append(str(exc))
            continue
        rows.append(row_of(label, diagnose(incident, playbooks)))
        if progress is not None:
            progress(number, len(labels))
    if faults:
        raise IncidentFileError("\n".join(faults))
    return rows


def row_of(label: Label, answer: Answer) -> Row:
    """Return an answer beside its label."""
    first = answer.diagnoses[0] if answer.diagnoses else None
    offered = tuple(offer.action for offer in first.remediations) if first else ()
    causes = tuple(diagnosis.cause for diagnosis in answer.diagnoses)
    return Row(label, answer.verdict, causes, first.confidence if first else None, offered)


def report(rows: Sequence[Row]) -> dict[str, Any]:
    """Return all figures as plain values, in a fixed order."""
    answered = [row for row in rows if row.causes]
    return {
        "incidents": len(rows),
        "groups": {kind: _group([row for row in rows if row.label.answerable == kind]) for kind in KINDS if _any(rows, kind)},
        "statuses": {
            status: _group([row for row in rows if row.label.answerable == "yes" and _status(row) == status])
            for status in sorted({_status(row) for row in rows if row.label.answerable == "yes"})
        },
        "precision_when_answering": _share(sum(row.is_first for row in answered), len(answered)),
        "false_diagnoses_on_controls": sorted(row.label.id for row in rows if row.label.answerable == "control" and not row.is_first),
        "harmful_buttons": {row.label.id: list(row.harmful) for row in sorted(rows, key=lambda one: one.label.id) if row.harmful},
        "calibration": calibration(answered),
        "confusion": confusion(rows),
        "misses": [
            {
                "id": row.label.id,
                "answerable": row.label.answerable,
                "want": row.label.cause,
                "got": list(row.causes[:3]),
                "verdict": row.verdict,
            }
            for row in sorted(rows, key=lambda one: one.label.id)
            if not row.is_first and row.label.answerable != "no"
        ],
    }


def _any(rows: Sequence[Row], kind: str) -> bool:
    return any(row.label.answerable == kind for row in rows)


def _status(row: Row) -> str:
    return str(row.label.status) if row.label.status is not None else "none"


def _share(right: int, total: int) -> dict[str, Any]:
    low, high = interval(right, total)
    return {
        "right": right,
        "of": total,
        "share": round(right / total, 4) if total else None,
        "interval_95": [round(low, 4), round(high, 4)],
    }


def _group(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "incidents": len(rows),
        "first": _share(sum(row.is_first for row in rows), len(rows)),
        "first_three": _share(sum(row.is_in_three for row in rows), len(rows)),
        "abstained": sum(not row.causes for row in rows),
        "no_fault": sum(row.verdict == "no-fault" for row in rows),
        "harmful": sum(bool(row.harmful) for row in rows),
        "unhelpful": sum(bool(row.unhelpful) for row in rows),
    }


def calibration(answered: Sequence[Row]) -> dict[str, Any]:
    """Return the expected calibration error, and how often answers given at each confidence are right."""
    bins: list[list[Row]] = [[] for _ in range(BINS)]
    for row in answered:
        bins[min(BINS - 1, int((row.confidence or 0.0) * BINS))].append(row)
    table = []
    error = 0.0
    for number, inside in enumerate(bins):
        if inside:
            confidence = sum(row.confidence or 0.0 for row in inside) / len(inside)
            right = sum(row.is_first for row in inside)
            error += len(inside) / len(answered) * abs(right / len(inside) - confidence)
            table.append(
                {"from": number / BINS, "to": (number + 1) / BINS, "mean_confidence": round(confidence, 4), **_share(right, len(inside))}
            )
    return {"expected_error": round(error, 4) if answered else None, "answers": len(answered), "bins": table}


def confusion(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, int]]]:
    """Return for each status how often each wanted cause got each first answer."""
    table: dict[str, dict[str, Counter[str]]] = {}
    for row in rows:
        wanted = NO_FAULT if row.label.answerable == "control" else row.label.cause or NO_FAULT
        got = row.causes[0] if row.causes else NO_FAULT if row.verdict == "no-fault" else NO_ANSWER
        table.setdefault(_status(row), {}).setdefault(wanted, Counter())[got] += 1
    return {
        status: {wanted: dict(sorted(got.items())) for wanted, got in sorted(table[status].items())}
        for status in sorted(table)
    }  # fmt: skip


def to_json(figures: dict[str, Any]) -> str:
    """Return the figures as JSON, the same bytes for the same figures."""
    return json.dumps(figures, indent=2) + "\n"

"""What is wrong, or only weak, in a folder of playbooks: every fault and finding at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bot.playbooks.causes import CAUSES, helps
from bot.playbooks.conditions import Condition, TextCondition
from bot.playbooks.loader import SUFFIXES, Loaded, Source, survey
from bot.playbooks.marked_yaml import Fault, Place
from bot.playbooks.patterns import compile_pattern
from bot.playbooks.shipped import shipped_folder

CASES: Final = "cases"

_ORNAMENT: Final = re.compile(r"^\(\?i\)|\\b|[\^$]|\.\*")
_BARE_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NAMES: Final = re.compile(r"E[A-Z]{3,}")
"""Error numbers such as ENOSPC are one word, and say exactly one thing."""


def survey_with_shipped(path: Path) -> Loaded:
    """Read a folder (or a file's folder) on top of the shipped set, whose ids it may name; its own notes say what it overrides."""
    folder = path if path.is_dir() else path.parent
    is_shipped = folder.resolve() == shipped_folder().resolve()
    return survey([folder] if is_shipped or not shipped_folder().is_dir() else [shipped_folder(), folder])


def sources_in(loaded: Loaded, path: Path) -> list[Source]:
    """Return those that lie in a folder, or the one that is the file."""
    wanted = path.resolve()
    return [source for _, source in sorted(loaded.sources.items()) if wanted in (source.path.resolve(), source.path.resolve().parent)]


def lint(path: Path) -> list[str]:
    """Return faults and findings of the playbooks at a path, as `path:line: where: message`, in the order of files and lines."""
    loaded = survey_with_shipped(path)
    sources = sources_in(loaded, path)
    ours = {str(source.path) for source in sources}
    found = [fault for fault in loaded.faults if not sources or path_of(fault) in ours]
    for source in sources:
        if source.playbook is not None:
            found += [finding.words(str(source.path)) for finding in findings(source)]
    found += _circles(loaded, sources)
    return sorted(dict.fromkeys(found), key=_in_order)


def path_of(fault: str) -> str:
    """Return the file that a fault names."""
    match = re.match(r"(.+?):\d+: ", fault)
    return match[1] if match else fault


def _in_order(fault: str) -> tuple[str, int]:
    match = re.match(r"(.+?):(\d+): ", fault)
    return (match[1], int(match[2])) if match else (fault, 0)


def findings(source: Source) -> Iterator[Fault]:
    """Yield what is weak in a playbook that loads."""
    playbook = source.playbook
    if playbook is None:
        return
    for place, condition in playbook.conditions():
        for inner, leaf in _leaves(condition, place):
            if leaf.text is not None:
                for message in _pattern_findings(leaf.text):
                    yield Fault(source.marked.line((*inner, "text", "pattern")), (*inner, "text"), message)
    for number, remedy in enumerate(playbook.remediations):
        if not helps(playbook.cause, remedy.action):
            place = ("remediations", number, "action")
            known = ", ".join(CAUSES[playbook.cause].help) or "none"
            yield Fault(source.marked.line(place), place, f"{remedy.action} does not help {playbook.cause}; what helps: {known}")
    folder = source.path.parent / CASES / playbook.id
    if not folder.is_dir() or not any(file.suffix in SUFFIXES for file in folder.iterdir()):
        yield Fault(1, (), f"has no cases; expected one that matches and one that stays silent in {folder}")


def _leaves(condition: Condition, place: Place) -> Iterator[tuple[Place, Condition]]:
    if not condition.children():
        yield place, condition
    for number, child in enumerate(condition.children()):
        yield from _leaves(child, (*place, "not") if condition.kind == "not" else (*place, condition.kind, number))


def _pattern_findings(text: TextCondition) -> Iterator[str]:
    if not (text.source or "").strip():
        yield f"the pattern {text.pattern!r} names no source: where was this wording recorded?"
    if compile_pattern(text.pattern).search("") is not None:
        yield f"the pattern {text.pattern!r} matches the empty text, and so every line"
    bare = _ORNAMENT.sub("", text.pattern).strip()
    if _BARE_WORD.fullmatch(bare) and not _NAMES.fullmatch(bare):
        yield f"the pattern {text.pattern!r} is only the bare word {bare!r}, which healthy logs hold too"


def _circles(loaded: Loaded, sources: Sequence[Source]) -> Iterator[str]:
    """Yield the pairs that supersede each other: then neither author decided which one is the cause."""
    supersedes: dict[str, Any] = {playbook.id: playbook.supersedes for playbook in loaded.playbooks}
    for source in sources:
        playbook = source.playbook
        for number, other in enumerate(playbook.supersedes if playbook else ()):
            if playbook and playbook.id in supersedes.get(other, ()):
                place = ("supersedes", number)
                yield Fault(source.marked.line(place), place, f"{other} supersedes {playbook.id} as well").words(str(source.path))

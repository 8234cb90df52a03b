"""Playbooks from YAML files: every fault of every file gathered, each with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from bot.errors import PlaybookError
from bot.playbooks.marked_yaml import Fault, Marked, Place, read
from bot.playbooks.model import Playbook
from bot.playbooks.shape import bare, item_type
from bot.playbooks.templates import VARIABLES, check

MAX_BYTES: Final = 1 << 20
SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Source:
    """One playbook file, as far as it could be read."""

    path: Path
    marked: Marked
    playbook: Playbook | None


@dataclass(slots=True)
class Loaded:
    """What one or more folders hold: the playbooks in the order of their ids, the faults, and what overrides what."""

    sources: dict[str, Source] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def playbooks(self) -> tuple[Playbook, ...]:
        """Return the valid playbooks in the order of their ids."""
        return tuple(source.playbook for _, source in sorted(self.sources.items()) if source.playbook is not None)


def load(folders: Sequence[Path]) -> tuple[Playbook, ...]:
    """Return the playbooks of one or more folders; a later folder overrides an earlier one by id.

    Raises:
        PlaybookError: At least one file is not valid; every fault of every file is in it.
    """
    return load_with_notes(folders).playbooks


def load_with_notes(folders: Sequence[Path]) -> Loaded:
    """Load as `load` does, and also return what overrides what.

    Raises:
        PlaybookError: At least one file is not valid.
    """
    loaded = survey(folders)
    if loaded.faults:
        raise PlaybookError(loaded.faults)
    return loaded


def survey(folders: Sequence[Path]) -> Loaded:
    """Read all folders and gather the faults instead of raising them."""
    loaded = Loaded()
    for folder in folders:
        _read_folder(folder, loaded)
    loaded.faults.extend(_between(loaded))
    if not loaded.sources and not loaded.faults:
        loaded.faults.append(f"{', '.join(map(str, folders)) or 'no folder'}:1: holds no playbook (*.yaml)")
    return loaded


def playbook_files(path: Path) -> list[Path]:
    """Return the playbook files of a folder, or the file itself."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())


def _read_folder(folder: Path, loaded: Loaded) -> None:
    try:
        files = playbook_files(folder)
    except OSError as exc:
        loaded.faults.append(f"{folder}:1: {exc.strerror or exc}")
        return
    here: dict[str, Path] = {}
    for path in files:
        source, faults = read_file(path)
        loaded.faults.extend(faults)
        if path.stem in here:
            loaded.faults.append(f"{path}:1: the id {path.stem!r} is also that of {here[path.stem]}")
            continue
        here[path.stem] = path
        earlier = loaded.sources.get(path.stem)
        if earlier is not None:
            loaded.notes.append(f"{path} overrides {earlier.path}")
        loaded.sources[path.stem] = source


def read_file(path: Path) -> tuple[Source, list[str]]:
    """Read one playbook; the faults are words with path and line."""
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            return Source(path, Marked(), None), [f"{path}:1: has {len(content)} bytes; a playbook has at most {MAX_BYTES}"]
        text = content.decode("utf-8")
    except OSError as exc:
        return Source(path, Marked(), None), [f"{path}:1: {exc.strerror or exc}"]
    except UnicodeDecodeError as exc:
        return Source(path, Marked(), None), [f"{path}:1: is not UTF-8 at byte {exc.start}"]
    return parse(text, path)


def parse(text: str, path: Path) -> tuple[Source, list[str]]:
    """Parse the text of one playbook; `path` names it in the faults and gives its id."""
    marked = read(text)
    playbook, faults = None, list(marked.faults)
    if marked.value is not None or not faults:
        try:
            playbook = Playbook.model_validate(marked.value)
        except ValidationError as exc:
            faults.extend(_from_validation(exc, marked))
    if playbook is not None:
        faults.extend(_inside(playbook, path, marked))
    words = [fault.words(str(path)) for fault in sorted(faults, key=lambda fault: fault.line)]
    return Source(path, marked, None if faults else playbook), list(dict.fromkeys(words))


def _from_validation(error: ValidationError, marked: Marked) -> Iterator[Fault]:
    faults = error.errors(include_url=False)
    for fault in faults:
        if fault["type"] == "too_short" and any(
            other["loc"][: len(fault["loc"])] == fault["loc"] for other in faults if other is not fault
        ):
            continue  # the list has elements; each of them is at fault itself
        place = marked.nearest(fault["loc"])
        if fault["type"] == "extra_forbidden":
            message = _unknown_key(fault["loc"])
        elif fault["type"] == "missing":
            message = f"{str(fault['loc'][-1])!r} is missing"
        else:
            message = fault["msg"].removeprefix("Value error, ")
        yield Fault(marked.line(fault["loc"]), place, message)


def _unknown_key(place: Place) -> str:
    known = sorted(_keys_at(place[:-1]))
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"unknown key {str(place[-1])!r}{f', did you mean {near[0]!r}?' if near else ''}; known: {', '.join(known)}"


def _keys_at(place: Place) -> Iterable[str]:
    """Return the keys that the model at a place of a playbook knows."""
    current: Any = Playbook
    for part in place:
        current = _below(current, part)
    return [field.alias or name for name, field in current.model_fields.items()] if _is_model(current) else []


def _below(current: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return item_type(current)
    if _is_model(current):
        for name, info in current.model_fields.items():
            if (info.alias or name) == part:
                return (item_type(info.annotation) and info.annotation) or bare(info.annotation)
    arguments: Any = getattr(current, "__args__", ())
    return bare(arguments[1]) if len(arguments) == 2 and getattr(current, "__origin__", None) is dict else current


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inside(playbook: Playbook, path: Path, marked: Marked) -> Iterator[Fault]:
    """Yield the faults of one playbook that no single field shows."""
    if playbook.id != path.stem:
        yield Fault(marked.line(("id",)), ("id",), f"is {playbook.id!r}, but the file is called {path.name}; they must agree")
    groups, items = playbook.bindings()
    for name in sorted({*groups, *items} & set(VARIABLES)):
        yield Fault(1, (), f"the group or `as` name {name!r} would hide the template variable of that name")
    names = frozenset({*VARIABLES, *groups, *items})
    for place, template in playbook.templates():
        for fault in check(template, names, items):
            yield Fault(marked.text_line(place) + fault.line - 1, marked.nearest(place), str(fault))


def _between(loaded: Loaded) -> Iterator[str]:
    """Yield the faults that only show between playbooks."""
    known = sorted(loaded.sources)
    for name in known:
        source = loaded.sources[name]
        if source.playbook is None:
            continue
        for number, other in enumerate(source.playbook.supersedes):
            if other not in loaded.sources:
                place = ("supersedes", number)
                yield Fault(source.marked.line(place), place, f"unknown playbook {other!r}; known: {', '.join(known)}").words(
                    str(source.path)
                )

"""What a person may edit in a plan's window, and what came back from it: hostile until it was checked."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from bot.errors import InputError
from bot.models.diagnosis import RemediationOffer, Strict
from bot.remediations.invoke_statements import Statement
from bot.workflow.changes.desk import Editable

MINUTES: Final = "minutes"
"""Name of the input that makes a change temporary; no action has a parameter of that name."""

LEAST_MINUTES: Final = 5
MOST_MINUTES: Final = 1440

MAX_VALUES_CHARS: Final = 8000
MAX_TEXT_CHARS: Final = 2048

BOUNDS: Final = frozenset({"max_concurrency"})
"""Numbers of an offer that hold other numbers back; not for editing."""

FREE_TEXTS: Final = frozenset({"to_version"})
"""Texts that are a choice. The others name what is changed: they are asked for where the evidence does not hold them, else fixed."""

NO_TEXT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Kinds of characters that nobody types and nobody sees: control, format, halves of a character, and those without a meaning."""

STATEMENT_TEXTS: Final = ("source_arn", "source_account")

_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")

_UNITS: Final = {"seconds": "seconds", "mb": "MB"}


def editable_of(params: type[Strict], offer: RemediationOffer, chosen: Mapping[str, Any]) -> tuple[Editable, ...]:
    """Return the values of an offer that may be edited.

    Args:
        params: The action's own model of its parameters, which holds the bounds.
        offer: What the diagnosis proposes.
        chosen: Values that stand in the place of the offer's.
    """
    values = {**offer.params, **chosen}
    missing = {str(name).replace("-", "_") for name in offer.params.get("missing", [])}
    found = [one for name, field in params.model_fields.items() if (one := _editable(name, field, values, missing)) is not None]
    if "statements" in params.model_fields:
        found += [_text(name, chosen.get(name)) for name in STATEMENT_TEXTS if name in missing and name in Statement.model_fields]
    return tuple(found)


def parse_values(text: str, editable: Iterable[Editable]) -> tuple[dict[str, Any], int | None]:
    """Return the values that a form gives, and after how many minutes the change is to end, or None.

    Raises:
        InputError: A value is unknown, of the wrong kind or out of bounds; every one is named.
    """
    known = {one.name: one for one in editable}
    given: dict[str, Any] = {}
    faults: list[str] = []
    minutes: int | None = None
    for name, value in _object(text).items():
        try:
            if name == MINUTES:
                minutes = _minutes(value)
            elif value not in (None, ""):
                given[name] = _value(known.get(name), name, value)
        except InputError as exc:
            faults.append(str(exc))
    if faults:
        raise InputError("; ".join(faults[:10]))
    return given, minutes


def _editable(name: str, field: FieldInfo, values: Mapping[str, Any], missing: set[str]) -> Editable | None:
    kinds = _kinds(field.annotation)
    is_wanted = name in values or name in missing or field.is_required()
    if not is_wanted or name in BOUNDS or bool in kinds:
        return None
    value = values.get(name)
    value = None if isinstance(value, str) and value.startswith("<") else value
    if kinds & {int, float}:
        least, most = _bounds(field)
        cap = values.get("max_concurrency")
        if name == "to_concurrency" and isinstance(cap, int):
            most = min(most, cap) if most is not None else cap
        kind = "number"
        return Editable(name=name, label=_label(name), kind=kind, value=value, least=least, most=most)
    is_text = kinds == {str} or (get_origin(field.annotation) is list and get_args(field.annotation) == (str,))
    if is_text and (name in FREE_TEXTS or value is None):
        return _text(name, value)
    return None


def _text(name: str, value: Any) -> Editable:
    return Editable(name=name, label=_label(name), kind="text", value=value)


def _kinds(annotation: Any) -> set[Any]:
    """Return the plain types of an annotation, without None."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return {part for part in parts if part is not type(None)}


def _bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """Return least and most; the model's own checks, which know open ends too, come again when the plan is made."""
    least: float | None = None
    most: float | None = None
    for mark in field.metadata:
        if isinstance(mark, Ge):
            least = _finite(mark.ge)
        elif isinstance(mark, Gt):
            least = _finite(mark.gt)
        elif isinstance(mark, Le):
            most = _finite(mark.le)
        elif isinstance(mark, Lt):
            most = _finite(mark.lt)
    return least, most


def _finite(value: Any) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _label(name: str) -> str:
    words = name.removeprefix("to_").split("_")
    if len(words) == 1 and words[0] in _UNITS:
        return f"New value in {_UNITS[words[0]]}"
    return " ".join(words).capitalize().replace(" arn", " ARN")


def _object(text: str) -> dict[str, Any]:
    if len(text) > MAX_VALUES_CHARS:
        raise InputError(f"the form holds {len(text)} characters; at most {MAX_VALUES_CHARS} are read")
    try:
        # Without the hook NaN and Infinity would be numbers.
        found = json.loads(text or "{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise InputError("the form's values are not valid JSON") from exc
    if not isinstance(found, dict):
        raise InputError("the form's values are no object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _minutes(value: Any) -> int | None:
    if value in (None, "") or value == "0":
        return None
    number = _number(value)
    if number is None or number != int(number) or not LEAST_MINUTES <= number <= MOST_MINUTES:
        shown = str(value)[:40]
        raise InputError(f"{MINUTES}: expected a whole number from {LEAST_MINUTES} to {MOST_MINUTES}, or nothing, found {shown!r}")
    return int(number)


def _value(one: Editable | None, name: str, value: Any) -> Any:
    if one is None:
        raise InputError(f"{name[:40]!r} is not a value of this change that can be edited")
    if one.kind == "number":
        number = _number(value)
        is_within = number is not None and (one.least is None or number >= one.least) and (one.most is None or number <= one.most)
        if number is None or not is_within:
            raise InputError(f"{one.name}: expected a number{_range(one)}, found {str(value)[:40]!r}")
        return number
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS or any(unicodedata.category(char) in NO_TEXT for char in value):
        raise InputError(f"{one.name}: expected one line of at most {MAX_TEXT_CHARS} characters")
    return value.strip()


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value.strip() if isinstance(value, str) else _shown(value)
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


def _shown(value: float) -> str:
    # A whole number of thousands of digits is not worth its text.
    return str(value) if abs(value) < 10**12 else ""


def _range(one: Editable) -> str:
    if one.least is not None and one.most is not None:
        return f" from {one.least:g} to {one.most:g}"
    return f" of at least {one.least:g}" if one.least is not None else ""

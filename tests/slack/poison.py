"""Puts text of others into every field of a report that others write, whatever fields there are."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

OWN: Final = frozenset(
    {
        "answered_by", "approver", "binding", "cause_of_fold", "channel", "event", "examined_by", "fingerprint", "fold_key", "folded_into",
        "id", "incident_id", "message_ts", "offer_id", "plan_fingerprint", "request_id", "thread_ts",
    }
)  # fmt: skip
"""Fields that the bot itself or Slack writes: ids and hashes."""

TIMES: Final = ("Time", "Timestamps", "collected_at")
"""Left alone, so that moments still are moments and everything that is made of them is made."""


def poisoned(model: Any, text: Callable[[], str]) -> Any:
    """Return a model with `text` in every field that holds text, however deep; its own validation is left out, as broken data does."""
    if isinstance(model, BaseModel):
        fields = {name: field.annotation for name, field in type(model).model_fields.items() if name in model.model_fields_set}
        update = {name: _value(name, getattr(model, name), kind, text) for name, kind in fields.items()}
        return model.model_copy(update=update)
    if dataclasses.is_dataclass(model) and not isinstance(model, type):
        hints = {field.name: field.type for field in dataclasses.fields(model)}
        return dataclasses.replace(model, **{n: text() for n, kind in hints.items() if kind in ("str", "str | None") and n not in OWN})
    return model


def _value(name: str, value: Any, kind: Any, text: Callable[[], str]) -> Any:
    if name in OWN or name.endswith(TIMES) or _is_literal(kind):
        return value
    return _deep(value, text)


def _deep(value: Any, text: Callable[[], str]) -> Any:
    if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return poisoned(value, text)
    if isinstance(value, str):
        return text()
    if isinstance(value, dict):
        return {key: member if str(key).endswith(TIMES) else _deep(member, text) for key, member in value.items()}
    if isinstance(value, list):
        return [_deep(member, text) for member in value]
    return tuple(_deep(member, text) for member in value) if isinstance(value, tuple) else value


def _is_literal(kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType, tuple):
        return any(_is_literal(member) for member in get_args(kind))
    return get_origin(kind) is Literal

"""A playbook: frozen, validated, nothing unknown in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.models.diagnosis import Action, Hop
from bot.playbooks.causes import CAUSES
from bot.playbooks.conditions import Condition, Part
from bot.playbooks.patterns import group_names

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Share = Annotated[float, Field(gt=0, le=1)]
Url = Annotated[str, Field(pattern=r"^https://\S+$")]


class Signal(Part):
    """One way to see the cause; `confidence` is how often this signal alone is right."""

    id: Id
    confidence: Share = Field(description="How often this signal alone names the right cause.")
    when: Condition


class Veto(Part):
    """A condition under which the playbook stays silent."""

    because: str = Field(min_length=1)
    when: Condition


class Shift(Part):
    """Evidence that raises or lowers the confidence, without ever being enough alone."""

    because: str = Field(min_length=1)
    by: Share
    when: Condition


class Remedy(Part):
    """A change to offer; its values come from the evidence, not from the playbook."""

    action: Action
    when: Condition | None = None


class Decline(Part):
    """A change that tempts and would not help; `why` is a template."""

    action: Action
    when: Condition | None = None
    why: str = Field(min_length=1)


class Advice(Part):
    """What no button can do; `text` is a template."""

    text: str = Field(min_length=1)
    when: Condition | None = None


class Hint(Part):
    """A sign too weak for a diagnosis; it makes the cause a hypothesis when nothing else is found."""

    when: Condition


def _advice_from_text(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class Playbook(Part):
    """How one cause shows itself, and what helps."""

    id: Id
    cause: str = Field(json_schema_extra={"enum": [*CAUSES]})
    title: str = Field(min_length=1)
    doc: str = Field(min_length=1, description="What happens, what callers see behind which front door, how it is told apart.")
    hop: Hop
    references: tuple[Url, ...] = ()
    signals: tuple[Signal, ...] = Field(min_length=1)
    unless: tuple[Veto, ...] = ()
    weaker: tuple[Shift, ...] = ()
    stronger: tuple[Shift, ...] = ()
    supersedes: tuple[Id, ...] = ()
    summary: str = Field(min_length=1, description="A Jinja2 template: the cause in one sentence.")
    remediations: tuple[Remedy, ...] = ()
    declines: tuple[Decline, ...] = ()
    advice: tuple[Annotated[Advice, BeforeValidator(_advice_from_text, json_schema_input_type=str | Advice)], ...] = ()
    check: str = Field(min_length=1, description="The one question whose answer would settle it.")
    hint: Hint | None = None

    @field_validator("cause")
    @classmethod
    def _known_cause(cls, value: str) -> str:
        if value not in CAUSES:
            raise ValueError(f"unknown cause {value!r}; known: {', '.join(CAUSES)}")
        return value

    @field_validator("signals")
    @classmethod
    def _one_id_a_signal(cls, value: tuple[Signal, ...]) -> tuple[Signal, ...]:
        seen: set[str] = set()
        for signal in value:
            if signal.id in seen:
                raise ValueError(f"two signals have the id {signal.id!r}")
            seen.add(signal.id)
        return value

    @model_validator(mode="after")
    def _not_its_own_cause(self) -> Playbook:
        if self.id in self.supersedes:
            raise ValueError(f"{self.id} supersedes itself")
        return self

    def conditions(self) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
        """Yield every condition tree with its place in the playbook."""
        for name in ("signals", "unless", "weaker", "stronger", "remediations", "declines", "advice"):
            for number, part in enumerate(getattr(self, name)):
                if part.when is not None:
                    yield (name, number, "when"), part.when
        if self.hint is not None:
            yield ("hint", "when"), self.hint.when

    def templates(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield every template with its place in the playbook."""
        yield ("summary",), self.summary
        for number, decline in enumerate(self.declines):
            yield ("declines", number, "why"), decline.why
        for number, advice in enumerate(self.advice):
            yield ("advice", number, "text"), advice.text

    def bindings(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the names that its conditions bind: groups to their pattern, and `as` names to the fact list ("" for a text)."""
        groups: dict[str, str] = {}
        items: dict[str, str] = {}
        for _, condition in self.conditions():
            for leaf in condition.leaves():
                if leaf.text is not None:
                    groups.update(dict.fromkeys(group_names(leaf.text.pattern), leaf.text.pattern))
                    if leaf.text.as_:
                        items[leaf.text.as_] = ""
                if leaf.fact is not None and leaf.fact.as_:
                    items[leaf.fact.as_] = leaf.fact.of
        return groups, items

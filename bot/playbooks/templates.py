"""The texts of a playbook: Jinja2 in a sandbox, where an undefined variable is a fault and never an empty word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from bot.analysis.facts import Facts
from bot.models.incident_file import IncidentFile
from bot.playbooks.shape import UnknownNameError, fact_lists, follow

VARIABLES: Final = (
    "function", "front_door", "status", "region", "count", "window", "facts", "incident", "timeout_s", "memory_mb",
)  # fmt: skip
"""What every template may use; named groups and `as` names come on top."""

MAX_CHARS: Final = 2000
"""Of one rendered text. Longer ones would not fit into a Slack section."""
MAX_RANGE: Final = 1000


class TextTemplateError(ValueError):
    """A template cannot be used; `line` counts within the template."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def plural(count: float, singular: str, more: str | None = None) -> str:
    """Return a count with its noun: `1 time`, `41 times`."""
    noun = singular if count == 1 else more or f"{singular}s"
    return f"{number(count)} {noun}"


def number(value: float | str) -> str:
    """Return a number as people write it: no decimals that say nothing, thousands apart."""
    if isinstance(value, str):
        value = float(value)
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")


def seconds(value: float) -> str:
    """Return milliseconds as seconds with at most two decimals: `29000` is `29`."""
    return number(float(value) / 1000)


def mb(value: float) -> str:
    """Return bytes as megabytes with at most two decimals."""
    return number(float(value) / (1024 * 1024))


def times(count: float) -> str:
    """Return how often, in words for once and twice."""
    return {1: "once", 2: "twice"}.get(int(count), f"{number(count)} times")


def share(value: float) -> str:
    """Return a ratio as a percentage."""
    return f"{number(round(float(value) * 100, 1))} %"


def excerpt(text: object, limit: int = 200) -> str:
    """Return a text on one line, cut at a limit."""
    line = re.sub(r"\s+", " ", str(text)).strip()
    return line if len(line) <= limit else f"{line[: max(1, limit - 1)]}…"


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox in which a text can be written from evidence, and nothing can be called, built or repeated without bound."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, BaseModel):
            return attr in type(obj).model_fields or attr in (obj.model_extra or {})
        return super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        # Only methods of plain values (`items`, `split`) and nothing that a model or a module offers.
        return isinstance(getattr(obj, "__self__", None), str | dict | list | tuple) and super().is_safe_callable(obj)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)) or operator == "**":
            raise SecurityError(f"the operator {operator} is for numbers only, and ** is not allowed")
        return super().call_binop(context, operator, left, right)


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment that all templates share."""
    # autoescape stays off: the texts are plain, and whoever shows them (Slack, HTML) escapes for that place.
    sandbox = _Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    sandbox.filters.update(plural=plural, number=number, seconds=seconds, mb=mb, times=times, share=share, excerpt=excerpt)
    for unbounded in ("range", "lipsum", "cycler", "joiner", "namespace"):
        sandbox.globals.pop(unbounded, None)
    for unsafe in ("center", "indent", "format", "pprint", "xmlattr", "urlize"):
        sandbox.filters.pop(unsafe, None)
    return sandbox


def render(source: str, variables: Mapping[str, Any]) -> str:
    """Render a template, white space folded.

    Raises:
        TextTemplateError: A variable is undefined, or the template does what the sandbox refuses.
    """
    try:
        text = environment().from_string(source).render(variables)
    except TemplateError as exc:
        raise TextTemplateError(str(exc)) from exc
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as exc:
        raise TextTemplateError(f"{type(exc).__name__}: {exc}") from exc
    return excerpt(text, MAX_CHARS)


def check(source: str, names: frozenset[str], items: Mapping[str, str]) -> Iterator[TextTemplateError]:
    """Yield what is wrong with a template that may use `names`; `items` maps `as` names to their list of facts."""
    try:
        tree = environment().parse(source)
    except TemplateSyntaxError as exc:
        yield TextTemplateError(f"not a valid template: {exc.message}", exc.lineno)
        return
    unusable = list(_check_nodes(tree))
    if unusable:
        yield from unusable
        return
    for name in sorted(meta.find_undeclared_variables(tree) - names):
        yield TextTemplateError(f"undefined variable {name!r}; known: {', '.join(sorted(names))}", _line_of(tree, name))
    roots: dict[str, Any] = {"facts": Facts, "incident": IncidentFile}
    roots |= {name: fact_lists()[of] for name, of in items.items() if of}
    for chain, line in _chains(tree):
        if chain[0] in roots:
            try:
                follow(roots[chain[0]], chain[1:])
            except UnknownNameError as exc:
                yield TextTemplateError(str(exc), line)


def _check_nodes(tree: nodes.Template) -> Iterator[TextTemplateError]:
    """Yield the filters and tests that do not exist, and the tags that would load another template."""
    for kind, known in ((nodes.Filter, environment().filters), (nodes.Test, environment().tests)):
        for node in tree.find_all(kind):
            if node.name not in known:
                yield TextTemplateError(f"unknown {kind.__name__.lower()} {node.name!r}; known: {', '.join(sorted(known))}", node.lineno)
    for tag in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield TextTemplateError(f"{type(tag).__name__.lower()} is not allowed: a text stands for itself", tag.lineno)


def _line_of(tree: nodes.Template, name: str) -> int:
    return min((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), default=1)


def _chains(tree: nodes.Template) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield every chain of attributes that begins at a name: `facts.runs.failed`."""
    for node in tree.find_all(nodes.Getattr):
        names = [node.attr]
        inner: nodes.Node = node.node
        while isinstance(inner, nodes.Getattr):
            names.append(inner.attr)
            inner = inner.node
        if isinstance(inner, nodes.Name):
            yield (inner.name, *reversed(names)), node.lineno

"""Limits of what stands in blocks: buttons, menus, inputs, confirmations.

Source of the numbers: https://docs.slack.dev/reference/block-kit/block-elements and
https://docs.slack.dev/reference/block-kit/composition-objects, the page of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

MAX_BUTTON_TEXT: Final = 75
MAX_BUTTON_VALUE: Final = 2000
MAX_BUTTON_URL: Final = 3000
MAX_LABEL: Final = 75
MAX_PLACEHOLDER: Final = 150
MAX_OPTIONS: Final = 100
MAX_OVERFLOW_OPTIONS: Final = 5
MAX_OPTION_TEXT: Final = 75
MAX_OPTION_VALUE: Final = 150
MAX_CONFIRM: Final = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
MAX_TYPED: Final = 3000

SELECTS: Final = frozenset({"static_select", "external_select"})
SECTION_ELEMENTS: Final = frozenset({"button", "overflow", "image", *SELECTS})
ACTION_ELEMENTS: Final = frozenset({"button", "overflow", *SELECTS})
INPUT_ELEMENTS: Final = frozenset({"plain_text_input", "number_input", *SELECTS})

STYLES: Final = frozenset({"primary", "danger"})


def element_faults(element: object, place: str, allowed: frozenset[str]) -> Iterator[str]:
    """Yield what Slack would refuse in an element."""
    kind = element.get("type") if isinstance(element, Mapping) else None
    if not isinstance(element, Mapping) or kind not in allowed:
        yield f"{place}: unsupported element {kind!r}; allowed: {', '.join(sorted(allowed))}"
        return
    if kind != "image" and not 0 < len(str(element.get("action_id") or "")) <= 255:
        yield f"{place}/action_id: expected 1 to 255 characters"
    if kind == "button":
        yield from _button(element, place)
    elif kind in {"static_select", "overflow"}:
        yield from _options(element, place, MAX_OPTIONS if kind == "static_select" else MAX_OVERFLOW_OPTIONS)
    elif kind == "number_input" and not isinstance(element.get("is_decimal_allowed"), bool):
        yield f"{place}/is_decimal_allowed: missing"
    if kind in {"number_input", "plain_text_input"}:
        yield from _typed(element, place)
    if element.get("placeholder"):
        yield from text_faults(element["placeholder"], f"{place}/placeholder", MAX_PLACEHOLDER, plain=True)
    if element.get("confirm"):
        yield from _confirm(element["confirm"], f"{place}/confirm")


def text_faults(text: object, place: str, limit: int, *, plain: bool = False) -> Iterator[str]:
    """Yield what Slack would refuse in a text object."""
    if not isinstance(text, Mapping) or text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield f"{place}: expected a {'plain_text' if plain else 'text'} object"
    elif not 0 < len(str(text.get("text") or "")) <= limit:
        yield f"{place}: {len(str(text.get('text') or ''))} characters, expected 1 to {limit}"


def _button(element: Mapping[str, Any], place: str) -> Iterator[str]:
    yield from text_faults(element.get("text"), f"{place}/text", MAX_BUTTON_TEXT, plain=True)
    if len(str(element.get("value") or "")) > MAX_BUTTON_VALUE or len(str(element.get("url") or "")) > MAX_BUTTON_URL:
        yield f"{place}: value over {MAX_BUTTON_VALUE} or url over {MAX_BUTTON_URL} characters"
    if element.get("style") not in {None, *STYLES}:
        yield f"{place}/style: expected one of {', '.join(sorted(STYLES))}"
    if len(str(element.get("accessibility_label") or "")) > MAX_LABEL:
        yield f"{place}/accessibility_label: over {MAX_LABEL} characters"


def _options(element: Mapping[str, Any], place: str, limit: int) -> Iterator[str]:
    groups = element.get("option_groups")
    options = [option for group in groups for option in group.get("options") or []] if groups else element.get("options") or []
    if not 0 < len(options) <= limit:
        yield f"{place}/options: {len(options)} options, expected 1 to {limit}"
    yield from option_faults(options, place)
    initial = element.get("initial_option")
    if initial is not None and initial not in options:
        yield f"{place}/initial_option: none of the options"


def option_faults(options: Sequence[Mapping[str, Any]], place: str) -> Iterator[str]:
    """Yield what Slack would refuse in options."""
    for number, option in enumerate(options):
        at = f"{place}/options/{number}"
        yield from text_faults(option.get("text"), f"{at}/text", MAX_OPTION_TEXT)
        if not 0 < len(str(option.get("value") or "")) <= MAX_OPTION_VALUE:
            yield f"{at}/value: expected 1 to {MAX_OPTION_VALUE} characters"


def _typed(element: Mapping[str, Any], place: str) -> Iterator[str]:
    for name in ("initial_value", "min_value", "max_value"):
        value = element.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > MAX_TYPED):
            yield f"{place}/{name}: expected text of at most {MAX_TYPED} characters"


def _confirm(confirm: object, place: str) -> Iterator[str]:
    for name, limit in MAX_CONFIRM.items():
        yield from text_faults(confirm.get(name) if isinstance(confirm, Mapping) else None, f"{place}/{name}", limit, plain=name != "text")

"""Who may ask for a change and who may approve it: rules that the platform team writes, one YAML document."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from bot.models.diagnosis import Risk, Strict

ALL_RISKS: Final[tuple[Risk, ...]] = ("low", "medium", "high")

ANYONE: Final = "anyone"
"""In `may_ask` only."""


class Rule(Strict):
    """One rule; all of `functions`, `tags` and `risks` must fit. People are Slack user ids (U…, W…) and user group ids (S…)."""

    functions: tuple[str, ...] = ("*",)
    """Names with the wildcards * and ?."""
    tags: dict[str, str] = Field(default_factory=dict)
    risks: tuple[Risk, ...] = ALL_RISKS
    may_ask: tuple[str, ...] = ()
    may_approve: tuple[str, ...] = ()
    approvals: int = Field(default=1, ge=1, le=5)
    self_approval: bool = False
    lifetime_minutes: int = Field(default=15, ge=1, le=1440)


class Rules(Strict):
    """The rules in order; the first that fits decides. Where none fits, nobody may do anything."""

    version: Literal[1] = 1
    rules: tuple[Rule, ...] = ()

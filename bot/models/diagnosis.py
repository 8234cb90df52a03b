"""The diagnosis: what the bot answers. The keys are a contract; extend, don't rename."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.models.incident_file import Gap, Target

DIAGNOSIS_VERSION: Final = 1

Verdict = Literal["diagnosed", "no-fault", "undetermined"]
Hop = Literal["client", "waf", "gateway", "permission", "function", "downstream", "event-source", "platform"]
Risk = Literal["low", "medium", "high"]

Action = Literal[
    "raise-timeout", "raise-memory", "add-invoke-permission", "raise-reserved-concurrency", "remove-reserved-concurrency",
    "set-provisioned-concurrency", "request-quota-increase", "grant-role-permission", "rollback-alias", "enable-event-source",
    "enable-execution-logging", "enable-tracing", "raise-ephemeral-storage",
]  # fmt: skip


class Strict(BaseModel):
    """Base of everything the bot writes: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(Strict):
    """Evidence for a claim: where it stands in the incident file, and its text.

    `section` is a key of the incident file, `ref` the place in it (log group, dotted path, metric name), `text` what
    stands there (for logs a verbatim part of the message), `count` how often.
    """

    section: str
    ref: str
    text: str
    count: int = Field(default=1, ge=1)


class RemediationOffer(Strict):
    """A change that would help, with values computed from the evidence."""

    action: Action
    params: dict[str, Any] = Field(default_factory=dict)
    why: str
    risk: Risk


class DeclinedRemediation(Strict):
    """A change that tempts and would not help, with the reason."""

    action: Action
    why: str


class Diagnosis(Strict):
    """One cause with its evidence; a claim without evidence cannot be built."""

    cause: str
    playbook: str
    confidence: float = Field(ge=0, le=1)
    summary: str = Field(min_length=1)
    hop: Hop
    evidence: list[Citation] = Field(min_length=1)
    remediations: list[RemediationOffer] = Field(default_factory=list)
    declined: list[DeclinedRemediation] = Field(default_factory=list)
    advice: list[str] = Field(default_factory=list)
    references: list[str] = Field(default_factory=list)
    explained_by: str | None = None
    """Playbook of the diagnosis that explains this one, when it is a consequence and not the root."""


class Hypothesis(Strict):
    """A cause that the evidence neither shows nor excludes, and the one check that would tell."""

    cause: str
    check: str


class Answer(Strict):
    """What `medic replay --json` prints."""

    version: Literal[1] = DIAGNOSIS_VERSION
    target: Target
    verdict: Verdict
    diagnoses: list[Diagnosis] = Field(default_factory=list)
    hypotheses: list[Hypothesis] = Field(default_factory=list)
    looked_at: list[str] = Field(default_factory=list)
    """For no-fault and undetermined: the evidence that was read, in words."""
    gaps: list[Gap] = Field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """Return 0 when a diagnosis was made, else 3."""
        return 0 if self.verdict == "diagnosed" else 3

    def to_json(self) -> str:
        """Return the answer as JSON, the same bytes for the same answer."""
        return self.model_dump_json(indent=2)

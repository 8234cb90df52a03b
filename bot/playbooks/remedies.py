"""Which changes a diagnosis carries, and which it names only to say why not."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.analysis.facts import Facts
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer
from bot.models.incident_file import IncidentFile
from bot.playbooks.assess import Assessment
from bot.playbooks.causes import helps
from bot.playbooks.evaluate import Evaluator
from bot.playbooks.templates import TextTemplateError, render
from bot.remediations.offers import offer

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Remedies:
    """The changes offered, best first, and those declined with their reasons; no action is in both."""

    offered: list[RemediationOffer] = field(default_factory=list)
    declined: list[DeclinedRemediation] = field(default_factory=list)


def remedies_of(
    match: Assessment, incident: IncidentFile, facts: Facts, evaluator: Evaluator, variables: Mapping[str, Any]
) -> Remedies:  # fmt: skip
    """Return the changes that would help, each only when the vocabulary, the playbook, the evidence and the action itself agree."""
    playbook = match.playbook
    refused: dict[Action, str] = {}
    for decline in playbook.declines:
        if decline.when is None or evaluator.evaluate(decline.when).result:
            refused.setdefault(decline.action, _why(decline.why, variables, playbook.id))
    offered: dict[Action, RemediationOffer] = {}
    for remedy in playbook.remediations:
        # What the playbook says against a change wins over what it says for it: a button too few does no harm.
        if remedy.action in refused or remedy.action in offered:
            continue
        if not helps(playbook.cause, remedy.action):
            refused[remedy.action] = f"it does not mend {playbook.cause}"
        elif remedy.when is not None and not evaluator.evaluate(remedy.when).result:
            refused[remedy.action] = "the evidence does not show that it would help here"
        else:
            result = offer(remedy.action, incident, facts, cause=playbook.cause)
            if isinstance(result, RemediationOffer):
                offered[remedy.action] = result
            else:
                refused[remedy.action] = result.why
    return Remedies(list(offered.values()), [DeclinedRemediation(action=action, why=why) for action, why in refused.items()])


def _why(template: str, variables: Mapping[str, Any], playbook_id: str) -> str:
    try:
        return render(template, variables)
    except TextTemplateError as exc:
        logger.warning("playbook text could not be rendered", extra={"playbook": playbook_id, "fault": str(exc)})
        return "it would not help this cause"

"""From an offer of a diagnosis to the request for a plan."""

from __future__ import annotations

from typing import Any, Final

from bot.errors import InputError
from bot.models.diagnosis import RemediationOffer
from bot.models.plan import PlanRequest
from bot.remediations.case import Case
from bot.remediations.timeout import front_door_limit_s

EXPLAINING: Final = frozenset({"missing", "resource_pattern", "from_version", "from_level", "from_mode", "from_enabled", "from_value"})
"""What an offer tells beside its parameters; the plan reads the live values itself."""


def request_from(offer: RemediationOffer, case: Case, *, given: dict[str, Any] | None = None) -> PlanRequest:
    """Return the request for an offer's change; parameters that were given go before the offer's.

    Raises:
        InputError: The offer lacks a value that the evidence did not hold, and it was not given either.
    """
    given = given or {}
    params = {name: value for name, value in offer.params.items() if name not in EXPLAINING and not name.startswith("from_")}
    params = {name: value for name, value in params.items() if not str(value).startswith("<")}
    missing = [str(name) for name in offer.params.get("missing", []) if not str(name).startswith("from_") and name not in given]
    if missing and "statements" not in given and "source_arn" not in given:
        raise InputError(f"{offer.action}: the evidence does not hold {', '.join(missing)}; give it with --param")
    if "source_arn" in given or "principal" in given:
        params.pop("statements", None)
    name = case.function_name
    if name is None:
        raise InputError("target.function_name: the incident names no function")
    return PlanRequest(
        action=offer.action,
        function_name=name,
        params={**params, **given},
        qualifier=case.incident.target.qualifier or next((q for q in case.qualifiers() if q), None),
        region=case.region,
        account_id=case.account_id,
        risk=offer.risk,
        front_door=case.kind,
        front_door_limit_s=front_door_limit_s(case),
    )

"""From an offer of a diagnosis to the request for a plan."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from bot.errors import InputError
from bot.models.diagnosis import RemediationOffer
from bot.models.plan import PlanRequest
from bot.remediations.case import Case
from bot.remediations.invoke_statements import Statement
from bot.remediations.timeout import front_door_limit_s

EXPLAINING: Final = frozenset({"missing", "resource_pattern", "from_version", "from_level", "from_mode", "from_enabled", "from_value"})
"""What an offer tells beside its parameters; the plan reads the live values itself."""


READ_BY_PLAN: Final = frozenset({"role_arn", "uuid"})
"""What an offer may lack since the plan reads it."""


def request_from(offer: RemediationOffer, case: Case, *, given: dict[str, Any] | None = None) -> PlanRequest:
    """Return the request for an offer's change; parameters that were given go before the offer's.

    Raises:
        InputError: The offer lacks a value that the evidence did not hold, and it was not given either.
    """
    given = dict(given or {})
    params = {name: value for name, value in offer.params.items() if name not in EXPLAINING and not name.startswith("from_")}
    params = {name: value for name, value in params.items() if not str(value).startswith("<")}
    filled = {name for name in given if name in Statement.model_fields} if "statements" in params else set()
    if filled:
        own = {name: given.pop(name) for name in filled}
        params["statements"] = [{**_without_pattern(statement, own), **own} for statement in params["statements"]]
    missing = [str(name) for name in offer.params.get("missing", []) if str(name) not in READ_BY_PLAN and not str(name).startswith("from_")]
    lacking = [name for name in missing if name.replace("-", "_") not in {*given, *filled}]
    if lacking and not {"statements", "source_arn"} & {*given, *filled}:
        raise InputError(f"{offer.action}: the evidence does not hold {', '.join(lacking)}; give it with --param")
    name = case.function_name
    if name is None:
        raise InputError("target.function_name: the incident names no function")
    try:
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
    except ValidationError as exc:
        raise InputError(f"target.function_name: {name[:60]!r} is no function's name; the evidence may be blanked out") from exc


def _without_pattern(statement: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a statement of the offer without the shape of an ARN that was not known, once the ARN itself was given."""
    return {name: value for name, value in statement.items() if not (name == "source_arn_pattern" and "source_arn" in own)}

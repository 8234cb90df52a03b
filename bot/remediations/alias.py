"""rollback-alias: point an alias back at the version that it had before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator

from bot.errors import InputError, RefusedError, TargetNotFoundError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, PlanRequest, Subject
from bot.remediations.case import Case, mapping, rows
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS, Draft, Remediation
from bot.remediations.state import Observed

COMPARED: Final = ("Timeout", "MemorySize", "Runtime", "Handler", "CodeSha256", "LastModified")
"""What of two versions' configurations a person wants to see side by side."""


class AliasParams(Strict):
    """The alias and the version that it is to point at, with all of the traffic."""

    alias: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,128}$")
    to_version: str = Field(pattern=r"^[0-9]{1,10}$")
    clear_weights: Literal[True] = True

    @field_validator("to_version", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value


@REMEDIATIONS.register("rollback-alias")
class RollbackAlias(Remediation):
    """Move an alias back, and take a canary's weight away."""

    action: ClassVar[Action] = "rollback-alias"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = PLAN_READS | {"lambda:GetAlias", "lambda:UpdateAlias"}
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"
    Params: ClassVar[type[Strict]] = AliasParams

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return alias, present and previous version; both must have been seen."""
        moves = list(_alias_moves(case))
        aliases = _listed(case, "Aliases", "aliases")
        alias = case.alias() or next((name for name, _ in moves), None) or (str(aliases[0].get("Name")) if len(aliases) == 1 else None)
        if alias is None:
            if case.qualifiers() == [None] or "$LATEST" in case.qualifiers():
                return self.declined("callers use $LATEST, which has no earlier version to go back to: deploy the earlier code again")
            return self.declined("no alias is known: which alias callers use must be known first")
        entry = next((a for a in aliases if a.get("Name") == alias), {})
        canary = self._canary(entry)
        if canary:
            main = str(entry.get("FunctionVersion"))
            params = {"alias": alias, "from_version": canary, "to_version": main, "clear_weights": True}
            return self.offered(
                params, f"version {canary} gets part of the traffic of alias {alias}; all of it goes back to version {main}"
            )
        present, previous = self._versions(case, entry, [version for name, version in moves if name == alias])
        if previous is None:
            return self.declined(
                f"which version alias {alias} pointed at before must be known first (lambda:ListVersionsByFunction, CloudTrail)"
            )
        params = {"alias": alias, "from_version": present, "to_version": previous, "clear_weights": True}
        return self.offered(
            params, f"alias {alias} pointed at version {previous} before the errors began; data migrations do not roll back"
        )

    def _canary(self, entry: dict[str, Any]) -> str | None:
        weights = mapping(mapping(entry.get("RoutingConfig")).get("AdditionalVersionWeights"))
        return next(iter(weights), None)

    def _versions(self, case: Case, entry: dict[str, Any], moves: list[str]) -> tuple[str | None, str | None]:
        """Return the present and the previous version: by the alias's own moves, else by the list of versions."""
        present = str(entry.get("FunctionVersion") or (moves[0] if moves else "")) or None
        earlier = next((version for version in moves if version != present), None)
        if earlier or present is None or not present.isdigit():
            return present, earlier
        versions = [int(v["Version"]) for v in _listed(case, "Versions", "versions") if str(v.get("Version", "")).isdigit()]
        older = [v for v in versions if v < int(present)]
        return present, str(max(older)) if older else None

    def subject(self, request: PlanRequest, params: AliasParams, config: dict[str, Any]) -> Subject:
        """Return the alias."""
        alias = params.alias or request.qualifier
        if alias is None or alias == "$LATEST" or alias.isdigit():
            raise InputError("rollback-alias: alias is needed, for example alias=live")
        return self.subject_of(request.model_copy(update={"qualifier": alias}), config)

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the alias's version and weights."""
        found = reads.or_none("lambda", "GetAlias", FunctionName=subject.function_name, Name=subject.qualifier)
        if found is None:
            raise TargetNotFoundError(f"alias: {subject.function_name} has none named {subject.qualifier}")
        weights = mapping(mapping(found.get("RoutingConfig")).get("AdditionalVersionWeights"))
        return Observed(values={"version": found["FunctionVersion"], "weights": weights}, revision_id=found.get("RevisionId"), raw=found)

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call; without the empty weights a canary would keep its share."""
        if current == goal:
            return []
        parameters = {
            "FunctionName": subject.function_name,
            "Name": subject.qualifier,
            "FunctionVersion": goal["version"],
            "RoutingConfig": {"AdditionalVersionWeights": goal["weights"]},
        }
        return [ApiCall(service="lambda", operation="UpdateAlias", parameters=parameters)]

    def draft(self, request: PlanRequest, params: AliasParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the version, and in what it differs from the present one."""
        name, alias, old, new = subject.function_name, str(subject.qualifier), seen.values, params.to_version
        target, present = reads.function(name, new), reads.function(name, old["version"])
        if target.get("State") == "Failed":
            raise RefusedError(f"rollback-alias: version {new} is in state Failed: {target.get('StateReason', 'no reason given')}")
        differs = [f"{k} {present.get(k)} → {target.get(k)}" for k in COMPARED if present.get(k) != target.get(k)]
        weights = f" and weights {old['weights']}" if old["weights"] else ""
        warnings = ["migrations of data do not roll back", "provisioned concurrency of the alias delays the move"]
        if old["weights"]:
            warnings.insert(
                0, "the weights are those of a gradual deployment: CodeDeploy, if it is at work, would set them again; stop it first"
            )
        return Draft(
            after={"version": new, "weights": {}},
            undo=f"point {alias} back at version {old['version']}{weights}",
            patch=Patch(
                "AWS::Lambda::Alias",
                {"Name": alias, "FunctionVersion": new},
                "aws_lambda_alias",
                {"name": alias, "function_name": name, "function_version": new},
            ),
            effects=[f"all calls of {alias} go to version {new} at once", "cost: none by itself", *differs],
            warnings=warnings,
        )


def _alias_moves(case: Case) -> Iterator[tuple[str, str]]:
    """Yield alias and version of each successful move in the changes, newest first."""
    changes = sorted(case.incident.changes or [], key=lambda c: str(c.get("EventTime", "")), reverse=True)
    for change in changes:
        if not re.fullmatch(r"(Update|Create)Alias(\d{8}(v\d)?)?", str(change.get("EventName", ""))) or change.get("errorCode"):
            continue
        request = mapping(change.get("requestParameters"))
        name, version = request.get("name"), request.get("functionVersion")
        if name and version:
            yield str(name), str(version)


def _listed(case: Case, key: str, section: str) -> list[dict[str, Any]]:
    """Return a list of the function section, or the extra section of the same content."""
    return rows(case.setting(key) or (case.incident.model_extra or {}).get(section))

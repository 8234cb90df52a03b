"""rollback-alias: point an alias back at the version that it had before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case, mapping, rows
from bot.remediations.remediation import REMEDIATIONS, Remediation


@REMEDIATIONS.register("rollback-alias")
class RollbackAlias(Remediation):
    """Move an alias back, and take a canary's weight away."""

    action: ClassVar[Action] = "rollback-alias"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:UpdateAlias"})
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"

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

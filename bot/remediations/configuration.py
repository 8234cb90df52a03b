"""The base of the changes that UpdateFunctionConfiguration makes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Final

from bot.errors import RemediationError
from bot.models.plan import ApiCall, PlanRequest, Subject
from bot.remediations.case import mapping
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, Remediation
from bot.remediations.state import Observed

CONFIGURATION_ACTIONS: Final = PLAN_READS | {
    "lambda:GetFunction",
    "lambda:ListAliases",
    "lambda:UpdateFunctionConfiguration",
}
"""What such a change takes: GetFunction is what the waiter function_updated_v2 asks, ListAliases tells who does not get the change."""


SETTLE_ATTEMPTS: Final = 60
"""One look a second at GetFunction, of which an account may take a hundred.
Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, API requests"""


class ConfigurationChange(Remediation):
    """One field of $LATEST's configuration."""

    field_name: ClassVar[str]
    """The plan's name of the field, with its unit."""

    @abstractmethod
    def from_config(self, config: dict[str, Any]) -> Any:
        """Return the field's value in a configuration."""

    @abstractmethod
    def to_parameters(self, value: Any) -> dict[str, Any]:
        """Return the parameters that set the field."""

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the field as it stands."""
        config = reads.function(subject.function_name)
        return Observed(
            values={self.field_name: self.from_config(config)},
            revision_id=config.get("RevisionId"),
            is_pending=config.get("LastUpdateStatus") == "InProgress",
            raw=config,
        )

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call, or none where the field stands so already."""
        if current == goal:
            return []
        parameters = {"FunctionName": subject.function_name, **self.to_parameters(goal[self.field_name])}
        return [ApiCall(service="lambda", operation="UpdateFunctionConfiguration", parameters=parameters)]

    def settle(self, subject: Subject, reads: Reads) -> None:
        """Wait until the update has ended; meanwhile the old configuration serves.

        Raises:
            RemediationError: The update failed, or its end could not be seen.
        """
        from botocore.exceptions import WaiterError

        waiter = reads.aws.client("lambda", reads.region).get_waiter("function_updated_v2")
        try:
            waiter.wait(FunctionName=subject.function_name, WaiterConfig={"Delay": 1, "MaxAttempts": SETTLE_ATTEMPTS})
        except WaiterError as exc:
            config = mapping(mapping(exc.last_response).get("Configuration"))
            if config.get("LastUpdateStatus") == "Failed":
                reason = config.get("LastUpdateStatusReason", "no reason given")
                raise RemediationError(f"{self.action}: AWS took the change and its update failed: {reason}", code="UpdateFailed") from exc


def latest_only_warnings(request: PlanRequest, config: dict[str, Any], reads: Reads) -> list[str]:
    """Return what else must happen where callers use an alias or a version, which $LATEST's configuration does not reach."""
    name = request.function_name
    aliases = reads.optional_rows("lambda", "ListAliases", "Aliases", FunctionName=name)
    qualifier = request.qualifier
    if qualifier in (None, "$LATEST"):
        if not aliases:
            return []
        listed = ", ".join(f"{a['Name']} (version {a['FunctionVersion']})" for a in aliases)
        return [f"the change reaches $LATEST only; callers of {listed} keep the old value until a version is published and it moves there"]
    alias = next((a for a in aliases if a.get("Name") == qualifier), None)
    version = str(alias["FunctionVersion"]) if alias else str(qualifier)
    if version == "$LATEST":
        return []
    after = f"then publish a version and move alias {qualifier} to it" if alias else "then publish a version and let callers use that"
    warnings = [f"callers use {qualifier}, which is version {version}: the change reaches $LATEST only; {after}"]
    published = reads.optional("lambda", "GetFunctionConfiguration", FunctionName=name, Qualifier=version)
    if published.get("CodeSha256") and published["CodeSha256"] != config.get("CodeSha256"):
        warnings.append(f"the code of $LATEST is not that of version {version}: publishing ships it too")
    return warnings

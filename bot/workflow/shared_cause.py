"""What a cause is known by when it makes several functions fail: a pure function of one function's findings.

Only general signals count: what the diagnosis names as its cause, and what its own evidence names as the thing that is shared.
Where nothing shared is named there is no key, and the function's incident stays its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from bot.analysis.analyse import analyse
from bot.analysis.facts import Change, Facts
from bot.models.diagnosis import Diagnosis
from bot.models.incident import Findings
from bot.models.incident_file import IncidentFile

ACCOUNT_CONCURRENCY: Final = "throttled-account-concurrency"
OUTAGE: Final = "service-outage"
DEPENDENCY_CAUSES: Final = frozenset({"resource-missing-or-elsewhere", "kms-access-denied", "downstream-throttled"})
"""Causes that a resource has in common with all who use it, whatever hop their playbooks name."""

PACKAGE_CAUSES: Final = frozenset(
    {"import-error", "handler-not-found", "dependency-native-mismatch", "exec-format-error", "init-failure", "package-file-permission"}
)
"""Causes that lie in what a function is packed with, its layers included."""

SHARED_POLICIES: Final = frozenset({"resource", "vpc-endpoint", "service-control", "resource-control"})
"""Kinds of policy that many functions are under at once."""

SOON_S: Final = 900.0
"""A change so long before the first failure may have caused it."""

STACK_TAGS: Final = ("aws:cloudformation:stack-id", "aws:cloudformation:stack-name")
"""Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html"""

_ARN: Final = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[^\s\"',;)\]}]+")
_HOST: Final = re.compile(r"(?<![\w.@/-])(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{1,30}(?=[:/\s\"',;)\]}]|\.?$)")
_URL_HOST: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s/@\"']*@)?([A-Za-z0-9._-]+)")
_FILE_ENDINGS: Final = frozenset(
    {"py", "js", "mjs", "cjs", "ts", "java", "go", "rb", "cs", "rs", "so", "dll", "jar", "json", "yaml", "yml", "txt", "log", "html", "sh"}
)
"""A name that ends so is a file and no host."""


def fold_key(findings: Findings) -> str | None:
    """Return what the first diagnosis' cause is known by, or None when it names nothing that others could share."""
    diagnoses = findings.answer.diagnoses
    if findings.answer.verdict != "diagnosed" or not diagnoses:
        return None
    best, evidence, facts = diagnoses[0], findings.evidence, analyse(findings.evidence)
    where = f"{evidence.target.account_id}|{evidence.target.region}"
    return (
        _platform(best, facts, evidence, where)
        or _layers(best, evidence)
        or _changed_together(best, facts, evidence, where)
        or _dependency(best, facts, evidence, where)
    )


def _platform(best: Diagnosis, facts: Facts, evidence: IncidentFile, where: str) -> str | None:
    """Return the account's concurrency, or the service that fails in this region."""
    if best.cause == ACCOUNT_CONCURRENCY:
        return f"concurrency|{where}"
    if best.cause != OUTAGE:
        return None
    services = sorted(event.service for event in facts.health_events if event.is_issue and event.is_open and event.concerns != "elsewhere")
    return f"health|{services[0] if services else 'service'}|{evidence.target.region}"


def _layers(best: Diagnosis, evidence: IncidentFile) -> str | None:
    """Return the layer versions that a package cause may lie in: those that the evidence names, else all that the function has."""
    if best.cause not in PACKAGE_CAUSES:
        return None
    layers = [str(layer.get("Arn")) for layer in (evidence.function or {}).get("Layers") or [] if isinstance(layer, dict)]
    cited = "\n".join(_words(best))
    named = [arn for arn in layers if arn in cited]
    return f"layer|{'|'.join(sorted(named or layers))}" if layers else None


def _changed_together(best: Diagnosis, facts: Facts, evidence: IncidentFile, where: str) -> str | None:
    """Return the change right before the failures, if it was made to more than this function, else the stack that was deployed."""
    cited = {citation.ref for citation in best.evidence if citation.section == "changes"}
    suspects = [change for change in facts.changes if not change.failed and (_is_cited(change, cited) or _is_soon(change, best))]
    if not suspects:
        return None
    change = min(suspects, key=lambda one: abs(one.seconds_before_errors or 0.0))
    row = (evidence.changes or [])[_index(change)]
    event_id = row.get("EventId") or row.get("eventID")
    if isinstance(event_id, str) and event_id and not _names_function(row, evidence):
        return f"change|{event_id}"
    stack = next((tag for name in STACK_TAGS if (tag := (evidence.tags or {}).get(name))), "")
    return f"deployment|{where}|{stack}" if stack else None


def _is_soon(change: Change, best: Diagnosis) -> bool:
    before = change.seconds_before_errors
    return best.hop == "function" and change.kind in {"code", "configuration", "alias"} and before is not None and 0 <= before <= SOON_S


def _is_cited(change: Change, cited: set[str]) -> bool:
    return any(f"changes[{_index(change)}]" in ref for ref in cited)


def _index(change: Change) -> int:
    found = re.match(r"changes\[(\d+)\]", change.cite[0].ref)
    return int(found.group(1)) if found else 0


def _names_function(row: dict[str, Any], evidence: IncidentFile) -> bool:
    """Tell whether a CloudTrail event is about the function itself, and so is another one for each function."""
    name = evidence.target.function_name or ""
    return bool(name) and any(text == name or f":function:{name}" in text for text in _texts(row))


def _dependency(best: Diagnosis, facts: Facts, evidence: IncidentFile, where: str) -> str | None:
    """Return the host or resource that does not do what the function needs, or the policy that all are under."""
    own = evidence.target.function_name or ""
    refused = [denial for denial in facts.denials if denial.policy_type in SHARED_POLICIES]
    if best.hop == "permission" and best.cause not in DEPENDENCY_CAUSES:
        for denial in refused:
            if denial.policy_type == "service-control":
                return f"policy|{denial.policy_type}|{where}|{denial.action}"
            if denial.resource and denial.policy_type != "resource-control" and f":function:{own}" not in denial.resource:
                return f"resource|{denial.resource}"
        return None
    if best.hop != "downstream" and best.cause not in DEPENDENCY_CAUSES:
        return None
    cited = list(_words(best))
    named = [arn.rstrip(".:") for text in cited for arn in _ARN.findall(text) if f":function:{own}" not in arn and ":log-group:" not in arn]
    if not named:
        named = [host for text in cited for host in _hosts(text)]
    if not named:
        named = [call.name for call in facts.traces if call.fault or call.throttle or call.in_progress or (call.share or 0) >= 0.5]
    return f"dependency|{best.cause}|{named[0].lower()}" if named else None


def _hosts(text: str) -> Iterator[str]:
    yield from _URL_HOST.findall(text)
    for host in _HOST.findall(text):
        if host.rpartition(".")[2] not in _FILE_ENDINGS:
            yield host


def _words(best: Diagnosis) -> Iterator[str]:
    """Return what the diagnosis stands on; its own sentences are not evidence, but name what a template took from it."""
    yield from (citation.text for citation in best.evidence)
    yield best.summary


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)

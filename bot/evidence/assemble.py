"""Puts what was gathered into an incident file, in an order that does not depend on which thread was first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.evidence.context import Run
from bot.evidence.redact import redact_tree
from bot.models.incident_file import INCIDENT_FILE_VERSION, Client, FrontDoor, IncidentFile, Target


def assemble(run: Run, *, alarm: Mapping[str, Any] | None, client: Client | None, now: datetime) -> IncidentFile:
    """Return the incident file. The harvest is closed: what comes later is dropped."""
    sections, groups, gaps = run.harvest.close()
    found: dict[str, Any] = {
        "version": INCIDENT_FILE_VERSION,
        "collected_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "target": _completed(run).model_dump(),
    }
    if client is not None:
        found["client"] = redact_tree(client.model_dump(exclude_unset=True))
    # Null says that no alarm asked: a person did.
    found["alarm"] = None if alarm is None else redact_tree(dict(alarm))
    for name in IncidentFile.model_fields:
        if name in sections and name not in ("logs", "metrics", "changes", "denials"):
            found[name] = _ordered(name, sections[name])
    if groups or "logs" in sections:
        found["logs"] = sorted(groups, key=lambda group: _group_rank(group["group"]))
    if "metrics" in sections:
        found["metrics"] = sorted(sections["metrics"], key=_metric_rank)
    for name in ("changes", "denials"):
        if name in sections:
            found[name] = _newest_first(sections[name])
    found["gaps"] = gaps
    return IncidentFile.model_validate({name: found[name] for name in IncidentFile.model_fields if name in found})


def _ordered(name: str, section: Any) -> Any:
    """Return a section that several threads filled with its keys in order; documents keep the order that AWS gave them."""
    if isinstance(section, Mapping) and name in ("concurrency", "execution_role", "function", "gateway", "load_balancer", "network"):
        return dict(sorted(section.items()))
    return section


def _completed(run: Run) -> Target:
    """Return the target with account, region and front door as they were found."""
    target = run.target
    arn = str((_result(run, "function") or {}).get("FunctionArn") or "").split(":")
    update: dict[str, Any] = {}
    if len(arn) > 6:
        update = {"region": target.region or arn[3], "account_id": target.account_id or arn[4]}
    gateway, entrance = _result(run, "gateway"), _result(run, "entrance")
    if alias := _result(run, "account-alias"):
        update["account_alias"] = alias
    door: FrontDoor | None = gateway.front_door if gateway else entrance.front_door if entrance else target.front_door
    return target.model_copy(update={**update, "front_door": door})


def _result(run: Run, name: str) -> Any:
    future = run.results.get(name)
    return future.result() if future and future.done() and future.exception() is None else None


def _group_rank(name: str) -> tuple[bool, str]:
    return not name.startswith("/aws/lambda/"), name


def _metric_rank(series: Mapping[str, Any]) -> tuple[str, ...]:
    return (series["Namespace"], series["MetricName"], str(sorted(series["Dimensions"].items())), series["Stat"])


def _newest_first(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return events once each; two questions may find the same one."""
    once = {event.get("EventId") or str(event): event for event in events}
    return sorted(once.values(), key=lambda event: (str(event.get("EventTime", "")), str(event.get("EventId", ""))), reverse=True)

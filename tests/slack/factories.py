"""Reports with realistic answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.models.change import Change, ChangeState, offer_id_of
from bot.models.diagnosis import Answer, Citation, DeclinedRemediation, Diagnosis, Hypothesis, RemediationOffer
from bot.models.incident import AlarmNote, Findings, Impact, Incident, Report, Victim, incident_id_of
from bot.models.incident_file import FrontDoor, Gap, IncidentFile, LogEvent, LogGroup, MetricSeries, Target
from bot.models.plan import ApiCall, Ownership, RemediationPlan
from bot.models.receipt import LogsRead, Receipt
from bot.models.window import Window

NOW = datetime(2026, 5, 14, 3, 12, 9, tzinfo=UTC)
SINCE = 1778728321.0

TARGET = Target(
    function_name="checkout",
    region="eu-west-1",
    account_id="123456789012",
    front_door=FrontDoor(kind="rest-api", id="a1b2c3d4e5", stage="prod", route="POST /orders"),
)

DENIED = Gap(
    section="resource_policy",
    operation="lambda:GetPolicy",
    code="AccessDeniedException",
    message="User: arn:aws:sts::123456789012:assumed-role/medic/x is not authorized to perform: lambda:GetPolicy",
)


def a_timeout(**fields: Any) -> Diagnosis:
    """Return the diagnosis of a function that ran into its timeout."""
    return Diagnosis(
        **{
            "cause": "function-timeout",
            "playbook": "function-timeout",
            "confidence": 0.92,
            "summary": "checkout stopped at its 3 s limit 41 times in the last 15 minutes; the API answered 502 each time.",
            "hop": "function",
            "evidence": [
                Citation(section="logs", ref="/aws/lambda/checkout", text="Task timed out after 3.00 seconds", count=41),
                Citation(section="function", ref="function.Timeout", text="Timeout: 3"),
            ],
            "remediations": [
                RemediationOffer(
                    action="raise-timeout",
                    params={"from_seconds": 3, "to_seconds": 10},
                    why="p99 of successful runs is 6.2 s; the gateway allows 29 s",
                    risk="low",
                )
            ],
            "declined": [DeclinedRemediation(action="raise-memory", why="41 % of the memory was used at most")],
            "advice": ["Find out which call became slow: enable tracing."],
            "references": ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"],
            **fields,
        }
    )


def an_answer(**fields: Any) -> Answer:
    """Return an answer with one diagnosis, a consequence of it, and a gap."""
    slow = a_timeout(cause="slow-downstream", playbook="slow-downstream", confidence=0.62, explained_by="function-timeout", remediations=[])
    return Answer(**{"target": TARGET, "verdict": "diagnosed", "diagnoses": [a_timeout(), slow], "gaps": [DENIED], **fields})


def undetermined(**fields: Any) -> Answer:
    """Return an answer that names two checks instead of a cause."""
    checks = [
        Hypothesis(cause="vpc-no-egress", check="the route tables of the function's subnets (ec2:DescribeRouteTables)"),
        Hypothesis(cause="slow-downstream", check="a trace of one slow request"),
    ]
    looked = ["41 log events of /aws/lambda/checkout", "4 metrics"]
    return Answer(**{"target": TARGET, "verdict": "undetermined", "hypotheses": checks, "looked_at": looked, **fields})


def findings(answer: Answer | None = None, **fields: Any) -> Findings:
    """Return an investigation."""
    answer = answer or an_answer()
    logs = [
        LogGroup(group="/aws/lambda/checkout", events=[LogEvent(timestamp=1778728321000, message="Task timed out after 3.00 seconds\n")])
    ]
    return Findings(
        **{
            "answer": answer,
            "evidence": IncidentFile(version=1, target=answer.target, logs=logs, gaps=answer.gaps),
            "receipt": Receipt(seconds=4.2, api_calls=31, questions=14, logs=LogsRead(pages=3, events=812, bytes=140_212)),
            "window": Window.last(30, NOW),
            "impact": Impact(status=502, since=SINCE),
            **fields,
        }
    )


def an_incident(**fields: Any) -> Incident:
    """Return an incident of an alarm that is in ALARM."""
    return Incident(
        **{
            "id": incident_id_of("k"),
            "origin": "alarm",
            "title": "checkout-errors",
            "opened_at": NOW.timestamp(),
            "channel": "C1",
            "thread_ts": "1778728330.000100",
            "phase": "answered",
            "alarm_arn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-errors",
            "alarm_state": "ALARM",
            "alarm_reason": "Threshold Crossed: 1 datapoint [21.5 (14/05/26 03:10:00)] was greater than the threshold (21.0).",
            "alarm_changed_at": SINCE,
            "fired": 1,
            "answered_by": "e1",
            **fields,
        }
    )


def a_report(answer: Answer | None = None, incident: Incident | None = None, **fields: Any) -> Report:
    """Return a report of an answered incident."""
    return Report(**{"incident": incident or an_incident(), "findings": findings(answer), "event": "e1", **fields})


def a_series(name: str, values: list[float], stat: str = "Sum", **fields: Any) -> MetricSeries:
    """Return a metric with one value a minute from the start of the window on."""
    start = Window.last(30, NOW).start
    times = [(start + timedelta(minutes=i)).isoformat() for i in range(len(values))]
    return MetricSeries(
        **{
            "Namespace": "AWS/Lambda",
            "MetricName": name,
            "Dimensions": {"FunctionName": "checkout"},
            "Stat": stat,
            "Period": 60,
            "Timestamps": times,
            "Values": values,
            **fields,
        }
    )


ALARM_MESSAGE: dict[str, Any] = {
    "AlarmName": "checkout-errors",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed",
    "StateChangeTime": "2026-05-14T03:02:09.000+0000",
    "Trigger": {
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
        "Dimensions": [{"name": "FunctionName", "value": "checkout"}],
        "Threshold": 5.0,
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Statistic": "SUM",
    },
}


def with_evidence(report: Report, **sections: Any) -> Report:
    """Return the report with sections of its incident file replaced."""
    assert report.findings is not None
    content = report.findings.evidence.model_dump(mode="json", exclude_unset=True) | sections
    evidence = IncidentFile.model_validate(content)
    return report.model_copy(update={"findings": report.findings.model_copy(update={"evidence": evidence})})


def a_charted_report() -> Report:
    """Return a report whose evidence has metrics, an alarm with a threshold, a timeout and a deployment."""
    window = Window.last(30, NOW)
    metrics = [
        a_series("Errors", [0.0] * 18 + [20.0] * 12),
        a_series("Throttles", [0.0] * 30),
        a_series("Duration", [900.0] * 18 + [3000.0] * 12, "Maximum"),
        a_series("5XXError", [0.0] * 18 + [20.0] * 12, Namespace="AWS/ApiGateway", Dimensions={"ApiName": "shop", "Stage": "prod"}),
    ]
    deployed = {"EventTime": (window.start + timedelta(minutes=17)).isoformat(), "EventName": "UpdateFunctionConfiguration20150331v2"}
    return with_evidence(
        a_report(incident=an_incident(alarm_changed_at=(window.start + timedelta(minutes=20)).timestamp())),
        metrics=[series.model_dump() for series in metrics],
        alarm=ALARM_MESSAGE,
        function={"Timeout": 3},
        changes=[deployed],
        tags={"Owner": "U0123ABCD9", "team": "shop"},
    )


def a_change(state: ChangeState = "pending", **fields: Any) -> Change:
    """Return a change of the function's timeout that was asked for by a button of the incident."""
    plan = RemediationPlan(
        action="raise-timeout",
        function_name="checkout",
        account_id="123456789012",
        region="eu-west-1",
        risk="low",
        before={"Timeout": 3},
        after={"Timeout": 10},
        calls=[ApiCall(service="lambda", operation="UpdateFunctionConfiguration", parameters={"Timeout": 10})],
        ownership=Ownership(owner="nobody"),
        undo="put back 3 s",
    )
    return Change(
        **{
            "id": "chg-1",
            "incident_id": an_incident().id,
            "channel": "C1",
            "thread_ts": "1778728330.000100",
            "plan": plan,
            "fingerprint": plan.fingerprint(),
            "state": state,
            "requested_by": "U2147483697",
            "requested_at": SINCE,
            "expires_at": SINCE + 900,
            "offer_id": offer_id_of(an_incident().id, "e1", 0),
            "applied_at": SINCE + 60,
            "undone_at": SINCE + 120,
            **fields,
        }
    )


def a_victim(name: str, minutes: float = 0, fired: int = 1, **fields: Any) -> Victim:
    """Return one function of an incident with one alarm."""
    note = AlarmNote(
        identity=f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}-errors",
        name=f"{name}-errors",
        state="ALARM",
        changed_at=SINCE,
        fired=fired,
        since=SINCE + minutes * 60,
    )
    own = {"incident_id": f"inc-{name}", "function": name, "account": "123456789012", "region": "eu-west-1", "alarms": (note,)}
    return Victim(**{**own, **fields})


def a_long_report() -> Report:
    """Return a report with an excerpt that no message can hold."""
    long = "\n".join(f"line {i}" for i in range(2000))
    return a_report(
        an_answer(diagnoses=[a_timeout(evidence=[Citation(section="logs", ref="g", text=long)]), a_timeout(cause="slow-downstream")])
    )

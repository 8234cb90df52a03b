"""What an investigation covered and cost, and the question whether it was right."""

from __future__ import annotations

from typing import Final

from bot import __version__
from bot.models.incident import Findings, Report
from bot.slack.blocks import Composer, Message
from bot.slack.buttons import grade_buttons
from bot.slack.escape import Mrkdwn, code, date, mrkdwn

PRICE_METRIC_READ: Final = 0.01 / 1000
"""$ for each metric that GetMetricData is asked for, in us-east-1. Source: https://aws.amazon.com/cloudwatch/pricing/"""

PRICE_LAMBDA_GB_S: Final = 0.0000133334
"""$ for a gigabyte-second on arm64 in us-east-1. Source: https://aws.amazon.com/lambda/pricing/"""

PRICE_LAMBDA_REQUEST: Final = 0.20 / 1_000_000
"""$ for a run. Source: https://aws.amazon.com/lambda/pricing/"""

LAMBDA_GB: Final = 1.0
"""Memory of the investigating function in template.yaml."""

REPORT_S: Final = 5.0
"""Our own: about what diagnosing and posting take beside the collecting."""


def receipt_message(report: Report) -> Message | None:
    """Return what was read, what it cost, and buttons to grade the diagnosis."""
    findings = report.findings
    if findings is None:
        return None
    receipt, logs = findings.receipt, findings.receipt.logs
    spent = "; the log budget ended before the logs did" if logs.is_spent else ""
    share = f" of {_size(logs.bytes_allowed)} allowed" if logs.bytes_allowed else ""
    covered = f"{logs.events:,} log events ({_size(logs.bytes)}{share}) in {logs.pages} pages{spent}"
    cost = f"about ${estimated_cost(findings):.4f}"
    composer = Composer()
    composer.context(
        Mrkdwn(f"Looked at {date(findings.window.start.timestamp())} to {date(findings.window.end.timestamp())}"),
        mrkdwn(f"{receipt.questions} questions, {receipt.api_calls} API calls, {receipt.seconds:.1f} s, {cost}"),
        mrkdwn(covered),
        _by(findings),
        Mrkdwn(f"Kept as {code(report.incident.id)} for 30 days{'' if findings.complete else ', log events in part'}"),
    )
    if grades := grade_buttons(report):
        composer.section(Mrkdwn("Was the diagnosis right?"))
        composer.actions(*grades)
    by = f" By {_playbook(findings)}." if _playbook(findings) else ""
    said = f"{receipt.questions} questions, {receipt.api_calls} API calls in {receipt.seconds:.1f} s, {cost}; {covered}."
    return composer.message(f"{said}{by} Lambda Medic {__version__}.")


def estimated_cost(findings: Findings) -> float:
    """Return the list price in $ of one investigation: metrics by the piece, and the worker's own time.

    The other questions are free: FilterLogEvents and LookupEvents cost nothing, and Logs Insights is not used.
    """
    seconds = findings.receipt.seconds + REPORT_S
    metrics = len(findings.evidence.metrics or [])
    return metrics * PRICE_METRIC_READ + seconds * LAMBDA_GB * PRICE_LAMBDA_GB_S + PRICE_LAMBDA_REQUEST


def _by(findings: Findings) -> Mrkdwn:
    playbook = _playbook(findings)
    return Mrkdwn(f"{f'Playbook {code(playbook)}, ' if playbook else ''}Lambda Medic {mrkdwn(__version__)}")


def _playbook(findings: Findings) -> str:
    return findings.answer.diagnoses[0].playbook if findings.answer.diagnoses else ""


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:,.1f} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1000:,.0f} KB"

"""enable-execution-logging: the stage keeps what it had."""

from __future__ import annotations

from bot.models.plan import PlanRequest
from tests.remediations.account import Account
from tests.remediations.changes import remedy


def test_a_websocket_stage_keeps_its_other_settings(account: Account) -> None:
    """The API replaces the settings whole."""
    remediation = remedy("enable-execution-logging")
    params = {"api_id": "w1", "stage": "prod"}
    request = PlanRequest(action="enable-execution-logging", function_name="orders", params=params, front_door="websocket-api")

    applied = remediation.apply(remediation.plan(request, account), account)
    assert account.route_settings == {"DetailedMetricsEnabled": True, "LoggingLevel": "ERROR"}

    remediation.undo(applied, account)
    assert account.route_settings == {"DetailedMetricsEnabled": True, "LoggingLevel": "OFF"}

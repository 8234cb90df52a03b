"""Mappings, logging, tracing and storage."""

from __future__ import annotations

from typing import Any

import pytest

from tests.remediations.cases import an_incident, declined, offered


class TestEventSource:
    def test_switches_on_what_a_person_switched_off(self) -> None:
        """USER_INITIATED: no problem of its own stands against it."""
        mapping = {
            "UUID": "0f7c",
            "State": "Disabled",
            "StateTransitionReason": "USER_INITIATED",
            "EventSourceArn": "arn:aws:sqs:eu-west-1:1:q",
        }

        params = offered("enable-event-source", an_incident(event_sources=[mapping])).params

        assert params == {"uuid": "0f7c", "event_source_arn": "arn:aws:sqs:eu-west-1:1:q", "from_enabled": False, "to_enabled": True}

    @pytest.mark.parametrize(
        ("mapping", "why"),
        [
            ({"State": "Enabled"}, "no mapping is disabled"),
            ({"State": "Disabled", "LastProcessingResult": "PROBLEM: Function call failed"}, "PROBLEM: Function call failed"),
            ({"EventSourceArn": "arn:aws:sqs:eu-west-1:1:q"}, "state: not read"),
        ],
    )
    def test_is_declined_where_it_would_change_nothing(self, mapping: dict[str, Any], why: str) -> None:
        """A mapping that runs, or that stopped for a problem, is not helped by enabling."""
        assert why in declined("enable-event-source", an_incident(event_sources=[mapping]))


class TestTracing:
    def test_is_offered_when_off(self) -> None:
        """PassThrough records nothing unless the caller decided so."""
        params = offered("enable-tracing", an_incident(function={"TracingConfig": {"Mode": "PassThrough"}})).params

        assert params == {"from_mode": "PassThrough", "to_mode": "Active"}

    def test_is_declined_when_on(self) -> None:
        """The traces are there: look at them."""
        assert "already active" in declined("enable-tracing", an_incident(function={"TracingConfig": {"Mode": "Active"}}))


class TestExecutionLogging:
    def test_sets_level_error_without_bodies(self) -> None:
        """INFO doubles the cost, and data tracing writes tokens to the log."""
        gateway = {"kind": "rest-api", "id": "a1b2c3d4e5", "stage": {"stageName": "prod"}}

        params = offered("enable-execution-logging", an_incident(gateway=gateway)).params

        assert params == {"api_id": "a1b2c3d4e5", "stage": "prod", "from_level": "OFF", "to_level": "ERROR", "data_trace": False}

    @pytest.mark.parametrize(
        ("gateway", "why"),
        [
            ({"kind": "http-api"}, "an HTTP API has no execution log"),
            ({"kind": "rest-api", "stage": {"methodSettings": {"*/*": {"loggingLevel": "INFO"}}}}, "already logs at INFO"),
        ],
    )
    def test_is_declined_where_there_is_no_such_log_or_it_is_on(self, gateway: dict[str, Any], why: str) -> None:
        """An HTTP API has only an access log."""
        assert why in declined("enable-execution-logging", an_incident(gateway=gateway))


class TestEphemeralStorage:
    @pytest.mark.parametrize(("size", "to"), [(512, 1024), (1024, 2048), (8192, 10_240)])
    def test_doubles_up_to_the_limit(self, size: int, to: int) -> None:
        """10,240 MB is the most."""
        assert offered("raise-ephemeral-storage", an_incident(function={"EphemeralStorage": {"Size": size}})).params["to_mb"] == to

    def test_is_declined_at_the_limit(self) -> None:
        """Nothing larger exists."""
        assert "10240" in declined("raise-ephemeral-storage", an_incident(function={"EphemeralStorage": {"Size": 10_240}}))

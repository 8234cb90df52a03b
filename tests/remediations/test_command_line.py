"""A change as a command line that a person can run by hand."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from botocore import xform_name

from bot.models.diagnosis import Action
from bot.models.plan import ApiCall
from bot.remediations.command_line import command_line, line_of
from tests.remediations.account import REGION, Account
from tests.remediations.changes import ACTIONS, plan_of


def back(line: str) -> tuple[str, str, dict[str, Any]]:
    """Return service, operation and parameters of a line, as the CLI reads them."""
    words = shlex.split(line)
    assert words[:1] + words[3:5] == ["aws", "--region", REGION]
    service, operation, rest = words[1], words[2], words[5:]
    given: dict[str, Any] = {}
    while rest:
        option = rest.pop(0).removeprefix("--")
        name, has_value, value = option.partition("=")
        if has_value:
            given[name] = value
        elif not rest or rest[0].startswith("--"):
            given[name.removeprefix("no-")] = not name.startswith("no-")
        else:
            given[name] = rest.pop(0)
    return service, operation, given


@pytest.mark.parametrize("action", ACTIONS)
def test_each_call_of_each_action_can_be_read_back_from_its_line(account: Account, action: Action) -> None:
    """Nothing is lost or split by the shell, and the names are those of AWS's own models."""
    plan = plan_of(action, account)
    lines = command_line(plan).splitlines()
    assert len(lines) == len(plan.calls)
    for line, call in zip(lines, plan.calls, strict=True):
        service, operation, given = back(line)
        model = account.client(call.service).meta.service_model.operation_model(call.operation)
        assert (service, operation) == (call.service, xform_name(call.operation, "-"))
        known = {xform_name(name, "-"): name for name in (model.input_shape.members if model.input_shape else {})}
        for option, value in given.items():
            sent = call.parameters[known[option]]
            assert (sent if isinstance(sent, str | bool) else json.loads(value)) == (value if isinstance(sent, str | bool) else sent)
        assert {known[option] for option in given} == set(call.parameters)


def test_a_hostile_value_stays_one_word_and_is_not_loaded_from_a_file() -> None:
    """The CLI would put a file's content in the place of a value that begins with file://."""
    hostile = ApiCall(service="lambda", operation="AddPermission", parameters={"FunctionName": "f", "Principal": "file:///etc/passwd"})
    assert shlex.split(line_of(hostile, REGION))[5] == "--cli-input-json"
    quoted = ApiCall(service="lambda", operation="AddPermission", parameters={"Principal": "a; rm -rf $(x) 'y'", "Action": "--yes"})
    assert shlex.split(line_of(quoted, REGION))[5:] == ["--principal", "a; rm -rf $(x) 'y'", "--action=--yes"]


def test_a_switch_is_an_option_without_a_value() -> None:
    """The CLI knows no --enabled true."""
    off = ApiCall(service="lambda", operation="UpdateEventSourceMapping", parameters={"UUID": "u", "Enabled": False})
    assert line_of(off, REGION) == f"aws lambda update-event-source-mapping --region {REGION} --uuid u --no-enabled"

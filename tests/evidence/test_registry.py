"""What holds for every collector."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import botocore.session
import pytest

import bot.evidence.collectors as package
from bot.evidence.base import Collector
from bot.evidence.collectors import COLLECTORS, MODULES, required_actions
from bot.models.incident_file import IncidentFile

SESSION = botocore.session.get_session()

ALL = [pytest.param(name, cls, id=name) for name, cls in COLLECTORS.items()]

BOTOCORE_NAMES = {"elasticloadbalancing": "elbv2"}
"""Where botocore's name of a service is not the IAM prefix."""

NOT_AN_OPERATION = {"apigateway:GET": "API Gateway's management actions are HTTP verbs"}
"""IAM actions that are no API operation, with the reason."""


class TestRegistry:
    def test_every_module_of_the_folder_is_listed(self) -> None:
        """A module that nobody imports registers nothing."""
        in_folder = {module.name for module in pkgutil.iter_modules([str(Path(package.__file__).parent)])}

        assert {module.__name__.rsplit(".", 1)[-1] for module in MODULES} == in_folder

    def test_every_module_registers_a_collector(self) -> None:
        """The folder holds collectors and nothing else."""
        registering = {cls.__module__ for _, cls in COLLECTORS.items()}

        assert {module.__name__ for module in MODULES} == registering

    @pytest.mark.parametrize(("name", "cls"), ALL)
    def test_declares_permissions_and_a_source(self, name: str, cls: type[Collector]) -> None:
        """The deployment's role and the reader's trust rest on both."""
        assert cls.iam_actions, name
        assert cls.source_url.startswith("https://docs.aws.amazon.com/")
        assert cls.__doc__

    @pytest.mark.parametrize(("name", "cls"), ALL)
    def test_fills_sections_of_the_incident_file(self, name: str, cls: type[Collector]) -> None:
        """A section of another name would reach no playbook."""
        assert cls.sections, name
        assert set(cls.sections) <= set(IncidentFile.model_fields)

    @pytest.mark.parametrize("action", sorted(required_actions() - set(NOT_AN_OPERATION)))
    def test_every_action_is_an_operation_that_botocore_knows(self, action: str) -> None:
        """A misspelt action grants nothing."""
        prefix, operation = action.split(":")
        model = SESSION.get_service_model(BOTOCORE_NAMES.get(prefix, prefix))

        assert operation in model.operation_names

    def test_no_action_writes(self) -> None:
        """The function that reads cannot change anything."""
        verbs = ("Get", "List", "Describe", "Lookup", "Filter", "GET")

        assert all(action.split(":")[1].startswith(verbs) for action in required_actions())

    def test_no_action_hands_out_code(self) -> None:
        """lambda:GetFunction returns a link to the function's code, and a reader of configurations needs no code."""
        assert "lambda:GetFunction" not in required_actions()

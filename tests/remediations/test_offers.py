"""The registry of the remediations, and offers over real incidents."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args

import botocore.session
import pytest

from bot.analysis.facts import Facts
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer
from bot.models.incident_file import IncidentFile
from bot.remediations.offers import REMEDIATIONS, offer
from bot.remediations.remediation import Remediation

ACTIONS = get_args(Action)

OPERATION_OF_SERVICE = {"servicequotas": "service-quotas"}


def corpus() -> Path:
    """Return the folder of real incidents, or skip."""
    named = os.environ.get("LAMBDA_MEDIC_CORPUS")
    folder = Path(named) if named else Path(__file__).parents[2].parent / "shared" / "corpus" / "dev"
    if not (folder / "labels.json").is_file():
        pytest.skip("no corpus: set LAMBDA_MEDIC_CORPUS to a folder with labels.json")
    return folder


class TestRegistry:
    def test_holds_every_action_of_the_vocabulary(self) -> None:
        """A diagnosis may offer any of them."""
        assert sorted(REMEDIATIONS) == sorted(ACTIONS)

    @pytest.mark.parametrize("name", ACTIONS)
    def test_each_declares_what_it_needs(self, name: str) -> None:
        """The role of the function that carries it out is made of these."""
        cls: type[Remediation] = REMEDIATIONS[name]

        assert cls.action == name
        assert cls.source_url.startswith("https://docs.aws.amazon.com/")
        assert cls.iam_actions

    @pytest.mark.parametrize("name", ACTIONS)
    def test_every_permission_is_an_operation_of_aws(self, name: str) -> None:
        """A misspelt action in a role grants nothing; API Gateway's actions are HTTP verbs."""
        session = botocore.session.get_session()
        for action in REMEDIATIONS[name].iam_actions:
            service, _, operation = action.partition(":")
            if service == "apigateway":
                assert operation in ("GET", "PATCH")
            else:
                model = session.get_service_model(OPERATION_OF_SERVICE.get(service, service))
                assert operation in model.operation_names, action


class TestRealIncidents:
    def test_every_action_answers_every_file(self) -> None:
        """Most files are partial; none may stop an answer, and no parameter may hold a made-up ARN."""
        folder = corpus()
        for path in sorted((folder / "files").glob("*.json")):
            incident = IncidentFile.load(path)
            for action in ACTIONS:
                result = offer(action, incident, Facts())
                assert isinstance(result, RemediationOffer | DeclinedRemediation)
                assert len(result.why) > 10
                assert "None" not in json.dumps(result.model_dump(mode="json")), (path.name, result)

    def test_what_an_expert_would_offer_is_offered(self) -> None:
        """The plain raises need no facts beyond the file; a file without numbers still gets them."""
        folder = corpus()
        labels: list[dict[str, Any]] = json.loads((folder / "labels.json").read_text())
        for row in labels:
            incident = IncidentFile.load(folder / "files" / f"{row['id']}.json")
            for action in ("raise-timeout", "raise-memory", "raise-ephemeral-storage", "request-quota-increase", "enable-tracing"):
                if action in row["helpful"]:
                    result = offer(action, incident, Facts(), cause=row["cause"])
                    assert isinstance(result, RemediationOffer), (row["id"], result)

"""From the offer of a diagnosis to a request: the evidence's values, unless others were given."""

from __future__ import annotations

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import Facts
from bot.errors import InputError
from bot.models.diagnosis import RemediationOffer
from bot.models.incident_file import IncidentFile
from bot.remediations.case import Case
from bot.remediations.invoke_statements import comparable
from bot.remediations.offers import REMEDIATIONS, offer
from bot.remediations.requests import request_from
from tests.remediations.cases import an_incident, offered
from tests.remediations.changes import ACTIONS
from tests.remediations.test_offers import corpus


class TestRequestFrom:
    def test_takes_values_qualifier_and_the_front_doors_limit(self) -> None:
        """All that the plan cannot read itself."""
        incident = an_incident({"qualifier": "live", "front_door": {"kind": "http-api"}}, function={"FunctionName": "orders", "Timeout": 3})

        request = request_from(offered("raise-timeout", incident), Case(incident, Facts()))

        assert request.params == {"to_seconds": 10}
        assert (request.qualifier, request.front_door, request.front_door_limit_s) == ("live", "http-api", 30)

    def test_a_value_that_was_given_goes_first(self) -> None:
        """A person knows more than the evidence."""
        incident = an_incident(function={"FunctionName": "orders", "Timeout": 3})

        request = request_from(offered("raise-timeout", incident), Case(incident, Facts()), given={"to_seconds": "12"})

        assert REMEDIATIONS["raise-timeout"]().parse(request.params).to_seconds == 12

    def test_a_value_that_the_evidence_lacks_is_named(self) -> None:
        """No placeholder ever reaches AWS."""
        incident = an_incident({"front_door": {"kind": "alb"}}, load_balancer={})

        with pytest.raises(InputError, match="the evidence does not hold name, id"):
            request_from(offered("add-invoke-permission", incident), Case(incident, Facts()))

    def test_a_source_that_was_given_completes_the_offers_statement(self) -> None:
        """The rest of the statement stays as the evidence has it."""
        incident = an_incident({"front_door": {"kind": "alb"}}, load_balancer={})
        arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/orders/0123456789abcdef"

        request = request_from(offered("add-invoke-permission", incident), Case(incident, Facts()), given={"source_arn": arn})

        params = REMEDIATIONS["add-invoke-permission"]().parse(request.params)
        assert params.statements[0].source_arn == arn
        assert params.statements[0].principal == "elasticloadbalancing.amazonaws.com"

    def test_every_offer_of_a_real_incident_is_a_request_or_names_what_it_lacks(self) -> None:
        """Offers and parameters are two lists of names, which must not drift apart."""
        asked = 0
        for path in sorted((corpus() / "files").glob("*.json"))[::4]:
            incident = IncidentFile.load(path)
            case = Case(incident, analyse(incident))
            for action in ACTIONS:
                found = offer(action, incident, case.facts)
                if not isinstance(found, RemediationOffer) or case.function_name is None:
                    continue
                try:
                    request = request_from(found, case)
                except InputError as exc:
                    # A public report is often partial, and its names blanked out.
                    assert any(w in str(exc) for w in ("the evidence does not hold", "no function's name"))  # noqa: PT017
                    continue
                try:
                    REMEDIATIONS[action]().parse(request.params)
                except InputError as exc:
                    assert "Extra inputs" not in str(exc), (path.name, str(exc))  # noqa: PT017
                asked += 1
        assert asked > 20


class TestComparable:
    def test_a_policys_statement_reads_as_the_parameters_that_made_it(self) -> None:
        """As GetPolicy shows them: AWS spells the condition keys its own way and turns an account into its root."""
        statement = {
            "Sid": "s3",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:orders",
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": "111122223333"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::orders"},
            },
        }

        assert comparable(statement) == {
            "action": "lambda:InvokeFunction",
            "principal": "s3.amazonaws.com",
            "source_arn": "arn:aws:s3:::orders",
            "source_account": "111122223333",
        }
        account = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "lambda:InvokeFunction"}
        assert comparable(account) == {"action": "lambda:InvokeFunction", "principal": "111122223333"}

    @pytest.mark.parametrize("odd", [{"Effect": "Deny"}, {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}])
    def test_any_other_statement_is_compared_whole(self, odd: dict[str, object]) -> None:
        """A condition that is not ours must not be taken for none."""
        statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", **odd}

        assert comparable(statement) == {"statement": statement}

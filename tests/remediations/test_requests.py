"""From the offer of a diagnosis to a request: the evidence's values, unless others were given."""

from __future__ import annotations

import pytest

from bot.analysis.facts import Facts
from bot.errors import InputError
from bot.remediations.case import Case
from bot.remediations.offers import REMEDIATIONS
from bot.remediations.requests import request_from
from tests.remediations.cases import an_incident, offered


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

"""Who may call the function, on every qualifier."""

from __future__ import annotations

import json

from bot.models.incident_file import Target
from tests.evidence.fakes import REGION, a_run, ask, stubbed


class TestResourcePolicies:
    def test_reads_the_other_qualifiers(self) -> None:
        """The integration calls the alias, and the permission stands on the function: both policies must be seen."""
        policy = {"Version": "2012-10-17", "Statement": []}
        with stubbed("lambda", ("get_policy", {"FunctionName": "checkout"}, {"Policy": json.dumps(policy)})) as aws:
            run = a_run(
                aws,
                target=Target(function_name="checkout", qualifier="live", region=REGION),
                needs={"function-aliases": [{"Name": "live"}]},
            )
            _, sections, _ = ask("resource-policies", run)

        assert sections["resource_policies"] == {"$LATEST": policy}

    def test_an_alias_without_a_policy_is_null(self) -> None:
        """AWS says that there is none."""
        with stubbed("lambda", ("get_policy", {"FunctionName": "checkout", "Qualifier": "live"}, "ResourceNotFoundException")) as aws:
            _, sections, gaps = ask("resource-policies", a_run(aws, needs={"function-aliases": [{"Name": "live"}]}))

        assert (sections["resource_policies"], gaps) == ({"live": None}, [])

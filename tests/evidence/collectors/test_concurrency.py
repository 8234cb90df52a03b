"""What is reserved, provisioned and allowed: their answers in the shape of the contract, and a refusal that is no empty list."""

from __future__ import annotations

from tests.evidence.fakes import a_run, ask, stubbed
from tests.evidence.shop import FUNCTION_ARN


class TestConcurrency:
    def test_no_reservation_is_null(self) -> None:
        """AWS answers without the field; nothing is reserved, and that was asked."""
        with stubbed("lambda", ("get_function_concurrency", {"FunctionName": "checkout"}, {})) as aws:
            _, sections, _ = ask("concurrency-reserved", a_run(aws))

        assert sections["concurrency"] == {"ReservedConcurrentExecutions": None}

    def test_zero_is_not_none(self) -> None:
        """A reservation of 0 refuses every call."""
        with stubbed("lambda", ("get_function_concurrency", {"FunctionName": "checkout"}, {"ReservedConcurrentExecutions": 0})) as aws:
            _, sections, _ = ask("concurrency-reserved", a_run(aws))

        assert sections["concurrency"] == {"ReservedConcurrentExecutions": 0}

    def test_account_limits_keep_aws_names(self) -> None:
        """Sizes of code are not of interest."""
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 895, "TotalCodeSize": 1, "CodeSizeZipped": 2}
        with stubbed("lambda", ("get_account_settings", {}, {"AccountLimit": limit})) as aws:
            _, sections, _ = ask("concurrency-account", a_run(aws))

        assert sections["concurrency"] == {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 895}}

    def test_provisioned_concurrency_is_read_page_by_page(self) -> None:
        """Each alias or version has a configuration of its own."""
        one = {"FunctionArn": f"{FUNCTION_ARN}:live", "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY"}
        with stubbed(
            "lambda",
            (
                "list_provisioned_concurrency_configs",
                {"FunctionName": "checkout"},
                {"ProvisionedConcurrencyConfigs": [one], "NextMarker": "2"},
            ),
            ("list_provisioned_concurrency_configs", {"FunctionName": "checkout", "Marker": "2"}, {"ProvisionedConcurrencyConfigs": [one]}),
        ) as aws:
            _, sections, gaps = ask("concurrency-provisioned", a_run(aws))

        assert sections["concurrency"] == {"ProvisionedConcurrencyConfigs": [one, one]}
        assert gaps == []

    def test_a_refusal_is_no_empty_list(self) -> None:
        """Not being allowed to look is not the same as nothing being there."""
        with stubbed("lambda", ("list_provisioned_concurrency_configs", {"FunctionName": "checkout"}, "AccessDeniedException")) as aws:
            _, sections, gaps = ask("concurrency-provisioned", a_run(aws))

        assert sections == {}
        assert [(gap["operation"], gap["code"]) for gap in gaps] == [("lambda:ListProvisionedConcurrencyConfigs", "AccessDeniedException")]

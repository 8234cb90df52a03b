"""Settings from the environment."""

from __future__ import annotations

import pytest

from bot.errors import SettingsError
from bot.settings import AckSettings, InvestigateSettings

ACK = {"AWS_REGION": "eu-west-1", "WORK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/work", "SLACK_SIGNING_SECRET_PARAMETER": "/s"}
WORKER = {
    "WORK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/work",
    "AWS_REGION": "eu-west-1",
    "TABLE_NAME": "t",
    "SLACK_BOT_TOKEN_PARAMETER": "/b",
    "DEFAULT_CHANNEL": "C1",
}


class TestAckSettings:
    def test_takes_aws_own_hosts_by_default(self) -> None:
        """Nothing but the region decides where SQS and SSM answer."""
        settings = AckSettings.from_environment(ACK)

        assert settings.sqs_endpoint == "https://sqs.eu-west-1.amazonaws.com"
        assert settings.ssm_endpoint == "https://ssm.eu-west-1.amazonaws.com"

    def test_takes_the_sdks_endpoint_variables(self) -> None:
        """The service's own variable goes before the general one, as in the SDKs."""
        settings = AckSettings.from_environment({**ACK, "AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_SQS": "http://b:2"})

        assert (settings.sqs_endpoint, settings.ssm_endpoint) == ("http://b:2", "http://a:1")

    def test_names_every_missing_variable_at_once(self) -> None:
        """A deployment is mended in one go."""
        with pytest.raises(SettingsError, match=r"AWS_REGION.*WORK_QUEUE_URL.*SLACK_SIGNING_SECRET_PARAMETER"):
            AckSettings.from_environment({})


class TestInvestigateSettings:
    def test_has_defaults_for_what_is_optional(self) -> None:
        """Only the table, the token's name and the channel must be said."""
        settings = InvestigateSettings.from_environment(WORKER)

        assert settings.slack_api_url == "https://slack.com/api/"
        assert settings.deadline_seconds > 0

    def test_ends_the_api_address_with_a_slash(self) -> None:
        """slack_sdk joins method names to it."""
        settings = InvestigateSettings.from_environment({**WORKER, "SLACK_API_URL": "http://127.0.0.1:4003/api"})

        assert settings.slack_api_url == "http://127.0.0.1:4003/api/"

    @pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
    def test_refuses_a_number_that_is_none(self, value: str) -> None:
        """The message has the variable and what was found."""
        with pytest.raises(SettingsError, match=f"DEADLINE_SECONDS: expected a number above 0, found '{value}'"):
            InvestigateSettings.from_environment({**WORKER, "DEADLINE_SECONDS": value})

    def test_refuses_an_address_that_is_no_url(self) -> None:
        """A typo is found at the start and not at the first message."""
        with pytest.raises(SettingsError, match="SLACK_API_URL"):
            InvestigateSettings.from_environment({**WORKER, "SLACK_API_URL": "slack.com/api"})

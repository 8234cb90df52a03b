"""Settings from the environment."""

from __future__ import annotations

import pytest

from bot.errors import SettingsError
from bot.settings import AckSettings, InvestigateSettings, RemediateSettings

ACK = {
    "AWS_REGION": "eu-west-1",
    "WORK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/work",
    "CHANGE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/change",
    "TABLE_NAME": "t",
    "SLACK_SIGNING_SECRET_PARAMETER": "/s",
    "SLACK_BOT_TOKEN_PARAMETER": "/b",
}
CHANGER = {
    "AWS_REGION": "eu-west-1",
    "CHANGE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/change",
    "TABLE_NAME": "t",
    "SLACK_BOT_TOKEN_PARAMETER": "/b",
}
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
        assert settings.dynamodb_endpoint == "https://dynamodb.eu-west-1.amazonaws.com"

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


class TestRemediateSettings:
    def test_lets_nobody_do_anything_by_default(self) -> None:
        """No rules, no copy of the audit trail; writes are real, for who sets rules wants them."""
        settings = RemediateSettings.from_environment(CHANGER)

        assert (settings.approval_rules_parameter, settings.audit_bucket, settings.is_rehearsal) == ("", "", False)
        assert settings.verify_after_seconds == (60, 300, 900)

    def test_takes_what_the_template_gives(self) -> None:
        """The words of the template's parameters."""
        settings = RemediateSettings.from_environment({**CHANGER, "DRY_RUN": "on", "VERIFY_AFTER_SECONDS": "1, 2,3"})

        assert (settings.is_rehearsal, settings.verify_after_seconds) == (True, (1, 2, 3))

    @pytest.mark.parametrize("value", ["true", "1", "ON", "yes"])
    def test_refuses_a_switch_that_is_neither_on_nor_off(self, value: str) -> None:
        """A dry run that is off by a misspelling would write."""
        with pytest.raises(SettingsError, match=f"DRY_RUN: expected on or off, found '{value}'"):
            RemediateSettings.from_environment({**CHANGER, "DRY_RUN": value})

    @pytest.mark.parametrize("value", ["60,60", "300,60", "0", "901", "60,", "soon", "1.5", "-1", "٣"])
    def test_refuses_times_that_no_queue_can_keep(self, value: str) -> None:
        """Each later than the one before, none beyond what SQS delays a message by."""
        with pytest.raises(SettingsError, match="VERIFY_AFTER_SECONDS: expected rising seconds"):
            RemediateSettings.from_environment({**CHANGER, "VERIFY_AFTER_SECONDS": value})

"""The workers' secrets, from moto's parameter store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.secrets import Secret
from bot.errors import SettingsError


class Clients:
    """Hands out one client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client."""
        return self._client


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start moto and return a client."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("ssm", region_name="eu-west-1")
        yield client
        client.close()


class TestSecret:
    def test_is_read_decrypted_and_kept(self, ssm: Any) -> None:
        """One question for five minutes, although every message needs the token."""
        ssm.put_parameter(Name="/medic/token", Value="xoxb-1\n", Type="SecureString")
        secret = Secret(Clients(ssm), "/medic/token")

        first = secret.value()
        ssm.put_parameter(Name="/medic/token", Value="xoxb-2", Type="SecureString", Overwrite=True)

        assert (first, secret.value()) == ("xoxb-1", "xoxb-1")

    def test_names_the_parameter_that_is_missing(self, ssm: Any) -> None:
        """The operator forgot a step of the installation."""
        with pytest.raises(SettingsError, match="/medic/none"):
            Secret(Clients(ssm), "/medic/none").value()

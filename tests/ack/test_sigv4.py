"""The signature of the standard library's signer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from bot.ack.sigv4 import Credentials, sign
from bot.errors import SettingsError

HEADERS = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage"}


def botocore_authorization(url: str, body: bytes, token: str, service: str, now: datetime) -> str:
    """Sign the same request with botocore, at the same second."""
    request = AWSRequest(method="POST", url=url, headers=HEADERS, data=body)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    signer = SigV4Auth(BotoCredentials("AKIDEXAMPLE", "secret/+key", token or None), service, "eu-west-1")
    if token:
        request.headers["X-Amz-Security-Token"] = token
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, Signature={signature}"


class TestSign:
    @pytest.mark.parametrize("url", ["https://sqs.eu-west-1.amazonaws.com", "http://127.0.0.1:4566/", "https://vpce-1.example/a b/c"])
    @pytest.mark.parametrize("token", ["", "FwoGZXIvYXdzE//token=="])
    @pytest.mark.parametrize("service", ["sqs", "ssm"])
    def test_equals_the_signature_of_botocore(self, url: str, token: str, service: str) -> None:
        """AWS computes the signature again and refuses any difference."""
        now = datetime(2026, 5, 14, 3, 12, 9, tzinfo=UTC)
        credentials = Credentials("AKIDEXAMPLE", "secret/+key", token)

        signed = sign(url, HEADERS, b'{"a": 1}', credentials=credentials, service=service, region="eu-west-1", now=now)

        assert signed["authorization"] == botocore_authorization(url, b'{"a": 1}', token, service, now)

    @given(body=st.binary(max_size=200))
    def test_covers_any_body(self, body: bytes) -> None:
        """A name typed in chat is in the body, whatever its letters."""
        now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        url = "https://sqs.eu-west-1.amazonaws.com"

        signed = sign(url, HEADERS, body, credentials=Credentials("AKIDEXAMPLE", "secret/+key"), service="sqs", region="eu-west-1", now=now)

        assert signed["authorization"] == botocore_authorization(url, body, "", "sqs", now)


class TestCredentials:
    def test_names_the_variables_when_they_are_missing(self) -> None:
        """A function without a role's credentials is a deployment fault; the message says where to look."""
        with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID"):
            Credentials.from_environment({})

    def test_does_not_print_the_secret(self) -> None:
        """A log line with the credentials in it must not leak them."""
        shown = repr(Credentials("AKIDEXAMPLE", "very-secret", "session-token"))

        assert "very-secret" not in shown
        assert "session-token" not in shown

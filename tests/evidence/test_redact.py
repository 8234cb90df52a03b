"""The redactor: secrets go, what a diagnosis needs stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.redact import redact, redact_tree

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

SECRETS = [
    ("Authorization=Bearer abcdef12345, Host=h", "abcdef12345"),
    ('{"Authorization": "Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
    ("Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/2026, Signature=" + "ab" * 32, "ab" * 32),
    ("key AKIAIOSFODNN7EXAMPLE was used", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Security-Token=FwoGZXIvYXdzE&X-Amz-Signature=" + "0f" * 32, "FwoGZXIvYXdzE"),
    ('{"password": "my \\"quoted\\" hunter2"}', "hunter2"),
    ("{'db_password': 'hunter2', 'n': 1}", "hunter2"),
    (r'{"body":"{\"password\":\"p1\",\"clientSecret\":\"zz9\"}"}', "zz9"),
    ("PGPASSWORD=hunter2 psql -h db", "hunter2"),
    ("mysql -u root --password hunter2 -h db", "hunter2"),
    ("postgres://app:s3cr3t@db.internal:5432/shop", "s3cr3t"),
    ("redis://:s3cr3t@cache:6379", "s3cr3t"),
    (f"token is {JWT}", JWT),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ\nabc\n-----END RSA PRIVATE KEY-----", "MIIEvQ"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN", "MIIEvQIBADAN"),
    ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", "MIIEvQIBADAN"),
    ("slack xoxb-12345-67890-abcdef", "xoxb-12345"),
    ("https://hooks.slack.com/services/T00/B00/XXXXyyyy", "XXXXyyyy"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdef"),
    ("stripe sk_live_abcdefgh12345678", "abcdefgh12345678"),
    ("Cookie: session=abc123; theme=dark", "abc123"),
    ('"Set-Cookie":"sid=1234; Path=/"', "sid=1234"),
    ("x-api-key: da2-fakeapikey123", "da2-fakeapikey123"),
    ("<Password>hunter2</Password>", "hunter2"),
    ("CLIENT_SECRET => abcdefgh", "abcdefgh"),
]

KEPT = [
    "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: secretsmanager:GetSecretValue on resource: "
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf because no identity-based policy allows the "
    "secretsmanager:GetSecretValue action",
    "REPORT RequestId: 8f5f0000-0000-4000-8000-000000000001\tDuration: 102.25 ms\tMemory Size: 128 MB",
    '(9b1c) Endpoint response body before transformations: {"statusCode":200,"wrongValue":1}',
    'FATAL: password authentication failed for user "app"',
    "The security token included in the request is expired",
    "NoCredentialsError: Unable to locate credentials",
    "botocore credentials: Unable to locate",
    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'abc='.",
    "KeyError: 'token'",
    "SyntaxError: Unexpected token: < in JSON at position 0",
    "token: null, password: undefined",
    "Basic authentication failed",
    "contact ops@example.com about stack shop",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "maxTokens: 4096 tokens=12",
    "https://api.example.com:8443/orders?id=12",
    "Unable to import module 'app': No module named 'requests'",
    "secret_arn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:x",
]


class TestRedact:
    @pytest.mark.parametrize(("text", "secret"), SECRETS)
    def test_takes_a_secret_out(self, text: str, secret: str) -> None:
        """No secret that a line can carry enters the file."""
        assert secret not in redact(text)
        assert "[redacted:" in redact(text)

    @pytest.mark.parametrize("text", KEPT)
    def test_keeps_what_a_diagnosis_reads(self, text: str) -> None:
        """AWS's wording, names and ids decide between causes; they stay as they are."""
        assert redact(text) == text

    def test_leaves_the_rest_of_the_line(self) -> None:
        """Only the secret goes: the host that could not be reached is evidence."""
        assert redact("connect postgres://app:s3cr3t@db.internal:5432/shop failed") == (
            "connect postgres://app:[redacted:password]@db.internal:5432/shop failed"
        )

    @pytest.mark.parametrize("text", [text for text, _ in SECRETS])
    def test_is_done_after_one_pass(self, text: str) -> None:
        """A file that is saved and read again is not changed."""
        assert redact(redact(text)) == redact(text)

    @given(st.text(max_size=80), st.text(max_size=80))
    def test_finds_a_token_in_any_surroundings(self, before: str, after: str) -> None:
        """What stands around a token does not hide it."""
        token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"

        assert token not in redact(f"{before} {token} {after}")


class TestRedactTree:
    def test_goes_by_the_name_of_a_field(self) -> None:
        """A header's value has no name beside it; its key is the name."""
        tree = {"headers": {"Authorization": "opaque", "x-api-key": "k", "Host": "h"}, "list": [{"password": "p"}, "token=abcdef"], "n": 1}

        assert redact_tree(tree) == {
            "headers": {"Authorization": "[redacted:secret]", "x-api-key": "[redacted:secret]", "Host": "h"},
            "list": [{"password": "[redacted:secret]"}, "token=[redacted:secret]"],
            "n": 1,
        }

    def test_keeps_policies_whole(self) -> None:
        """A policy is what the diagnosis of a refusal rests on."""
        policy = {
            "Statement": [
                {
                    "Action": "lambda:InvokeFunction",
                    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:eu-west-1:123456789012:a1/*/POST/orders"}},
                }
            ]
        }

        assert redact_tree(policy) == policy

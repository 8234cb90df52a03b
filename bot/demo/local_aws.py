"""A local AWS as a child process: MiniStack on a free port of the loopback, with IAM enforced, gone with its process group."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from bot.errors import DemoError

ACCOUNT_ID: Final = "123456789012"
"""Also the access key: MiniStack takes twelve digits as the account's root user."""

REGION: Final = "us-east-1"

HOST: Final = "127.0.0.1"

READY_WITHIN_S: Final = 30.0
"""It is ready in about a second here; a loaded CI machine gets more."""

STOP_WITHIN_S: Final = 5.0

_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH", "COVERAGE_PROCESS_START")
"""All that the children see of the caller's environment: no profile, no credentials, no proxy of the caller's."""


class LocalAws:
    """The local AWS; a context manager that leaves no process and no file behind."""

    def __init__(self, folder: Path | None = None) -> None:
        self._given = folder
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.log_path = Path(os.devnull)

    @property
    def endpoint(self) -> str:
        """Return the address that every service answers at."""
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that lead an AWS client here and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # A proxy of the caller's stays in use for pip, and only there.
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
        }

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            DemoError: MiniStack is not installed, or did not become ready; the end of its log is in the message.
        """
        if importlib.util.find_spec("ministack") is None:
            raise DemoError("the local AWS is not installed; install the extra: pip install '.[demo]'")
        if self._given is None:
            self._folder = tempfile.TemporaryDirectory(prefix="medic-aws-", ignore_cleanup_errors=True)
        folder = self._given or Path(self._folder.name if self._folder else ".")
        self.port = free_port()
        self.log_path = folder / "ministack.log"
        try:
            with self.log_path.open("wb") as log:
                # A session of its own: Ctrl-C reaches us first, and its workers end with its group.
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "ministack"],
                    env=self._server_environment(folder),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """End the process group and remove the folder; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            end_group(process, STOP_WITHIN_S)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def log_tail(self, lines: int = 30) -> str:
        """Return the end of what the local AWS logged."""
        try:
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _server_environment(self, folder: Path) -> dict[str, str]:
        return {
            **passed_on(),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": HOST,
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "MINISTACK_REGION": REGION,
            # Requests must be signed and allowed, so that a role that lacks an action fails here as it would on AWS.
            "AUTH": "true",
            # Listeners on ports of their own, which nothing here uses.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                connection.request("GET", "/_ministack/health")
                connection.getresponse().read()
                return
            time.sleep(0.1)
        raise DemoError(f"the local AWS did not become ready on {self.endpoint}:\n{self.log_tail()}")


def free_port() -> int:
    """Return a port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def passed_on() -> dict[str, str]:
    """Return the part of our environment that children may see."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def end_group(process: subprocess.Popen[bytes], within_s: float) -> None:
    """Ask a process group to end, and make it when it does not."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(within_s)
            break
    # The leader is gone; workers that outlived it are not.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def applied(environment: Mapping[str, str]) -> Iterator[None]:
    """Set variables for this process and put back what was there; credentials and profiles of the caller's are out of reach meanwhile."""
    hidden = [name for name in os.environ if name.startswith("AWS_")]
    before = {name: os.environ.get(name) for name in {*hidden, *environment}}
    for name in hidden:
        os.environ.pop(name)
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

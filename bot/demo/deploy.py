"""Deploys the project's own template by the real `sam build` and `sam deploy`; a build is kept until its sources change."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bot
from bot.demo.local_aws import end_group
from bot.demo.make import with_make
from bot.errors import DemoError

STACK_NAME: Final = "lambda-medic"

BUILD_TARGET: Final = "local"
"""The local AWS runs code with this Python on this processor, whatever the template's Runtime says."""

BUILD_WITHIN_S: Final = 600.0
DEPLOY_WITHIN_S: Final = 180.0

KEPT_BUILDS: Final = 3

_IGNORED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


@dataclass(frozen=True)
class Stack:
    """The deployed stack's outputs."""

    function_url: str
    topic_arn: str
    work_queue_url: str
    dead_letter_queue_url: str
    change_queue_url: str
    change_dead_letter_queue_url: str
    table_name: str
    ack_function: str
    investigate_function: str
    remediate_function: str

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, str]) -> Stack:
        """Read the outputs that template.yaml declares."""
        try:
            return cls(
                function_url=outputs["FunctionUrl"],
                topic_arn=outputs["AlarmTopicArn"],
                work_queue_url=outputs["WorkQueueUrl"],
                dead_letter_queue_url=outputs["DeadLetterQueueUrl"],
                change_queue_url=outputs["ChangeQueueUrl"],
                change_dead_letter_queue_url=outputs["ChangeDeadLetterQueueUrl"],
                table_name=outputs["TableName"],
                ack_function=outputs["AckFunctionName"],
                investigate_function=outputs["InvestigateFunctionName"],
                remediate_function=outputs["RemediateFunctionName"],
            )
        except KeyError as exc:
            raise DemoError(f"template.yaml: output {exc} is missing; found: {', '.join(sorted(outputs))}") from exc


def project_files() -> dict[str, Path]:
    """Return what a build needs, by its place in the project: from a checkout, or from an installed wheel.

    Raises:
        DemoError: Neither holds them.
    """
    package = Path(bot.__file__).resolve().parent
    shipped = package / "_shipped"
    checkout = package.parent
    if (shipped / "deploy" / "template.yaml").is_file():
        template, folder, playbooks = shipped / "deploy" / "template.yaml", shipped / "deploy", shipped / "playbooks"
    else:
        template, folder, playbooks = checkout / "template.yaml", checkout / "deploy", checkout / "playbooks"
    found = {"template.yaml": template, "deploy": folder, "playbooks": playbooks, "bot": package}
    missing = [name for name, path in found.items() if not path.exists()]
    if missing:
        raise DemoError(f"{', '.join(missing)}: not found beside {package}; this installation of lambda-medic is not whole")
    return found


def build(cache: Path) -> Path:
    """Return the folder of a finished `sam build` of these sources for this machine; made unless the cache holds it.

    Raises:
        DemoError: The SAM CLI is missing or the build failed; what it said is in the message.
    """
    files = project_files()
    built = cache / f"build-{_digest(files.values())}"
    if (built / "template.yaml").is_file():
        built.touch()
        return built
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="staged-", dir=cache, ignore_cleanup_errors=True) as name:
        staged = Path(name)
        for place, path in files.items():
            if path.is_dir():
                shutil.copytree(path, staged / place, ignore=_IGNORED)
            else:
                shutil.copy2(path, staged / place)
        environment = {"MEDIC_BUILD_TARGET": BUILD_TARGET, "PYTHON": sys.executable}
        run_sam(["build", "--parallel", "--build-dir", "built", "--template", "template.yaml"], staged, environment, BUILD_WITHIN_S)
        with contextlib.suppress(OSError):
            # Somebody else's build of the same sources may have come first; it is as good.
            (staged / "built").rename(built)
    _forget_old_builds(cache)
    return built


def deploy(built: Path, parameters: Mapping[str, str], cloudformation: Any) -> Stack:
    """Deploy a build with `sam deploy` to where the environment points, and return the stack's outputs.

    Raises:
        DemoError: The deployment failed; what the SAM CLI said is in the message.
    """
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    with tempfile.TemporaryDirectory(prefix="medic-deploy-", ignore_cleanup_errors=True) as folder:
        run_sam(
            [
                *("deploy", "--template-file", str(built / "template.yaml"), "--stack-name", STACK_NAME, "--resolve-s3"),
                *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset", "--no-progressbar"),
                *("--parameter-overrides", *overrides),
            ],
            Path(folder),
            {},
            DEPLOY_WITHIN_S,
        )
    stacks = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    return Stack.from_outputs({output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]})


def run_sam(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], within_s: float) -> None:
    """Run the SAM CLI in a folder, in a process group that ends with us.

    Raises:
        DemoError: It is not installed, failed, or took too long.
    """
    sam = _sam_executable()
    settings = folder / ".sam"
    settings.mkdir(exist_ok=True)
    # Otherwise the SAM CLI asks the internet for a newer version of itself, and waits for it where there is none.
    (settings / "metadata.json").write_text(json.dumps({"telemetryEnabled": False, "lastVersionCheck": time.time()}), encoding="utf-8")
    command = [sam, *arguments]
    variables = {
        **os.environ,
        **environment,
        "PATH": with_make(os.environ.get("PATH", os.defpath), settings),
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(settings),
        "TMPDIR": str(folder),
    }
    with subprocess.Popen(  # noqa: S603 - an executable that we looked up, and our own words
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired as exc:
            end_group(process, 5)
            raise DemoError(f"sam {arguments[0]} did not end within {within_s:.0f} s") from exc
        except BaseException:
            end_group(process, 5)
            raise
    if process.returncode:
        cause = f"signal {signal.Signals(-process.returncode).name}" if process.returncode < 0 else f"status {process.returncode}"
        raise DemoError(f"sam {arguments[0]} ended with {cause}:\n{said.decode(errors='replace').strip()}")


def cache_folder() -> Path:
    """Return where builds are kept between runs, as the XDG base directory specification has it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lambda-medic"


def _sam_executable() -> str:
    """Prefer the SAM CLI installed beside this Python: a virtual environment need not be on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "sam"
    found = str(beside) if beside.is_file() else shutil.which("sam")
    if not found:
        raise DemoError("the SAM CLI is not installed; install the extra: pip install '.[demo]'")
    return found


def _digest(paths: Iterable[Path]) -> str:
    """Return a digest over the sources and what else decides a build's content."""
    digest = hashlib.sha256(f"{sys.version} {sysconfig.get_platform()}".encode())
    for root in paths:
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        for path in files:
            digest.update(f"\0{path.relative_to(root.parent)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old_builds(cache: Path) -> None:
    builds = sorted(cache.glob("build-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in builds[KEPT_BUILDS:]:
        shutil.rmtree(old, ignore_errors=True)

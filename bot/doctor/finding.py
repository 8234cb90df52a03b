"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from bot.ports import AwsClients

Level = Literal["ok", "note", "fault", "unknown"]
"""`note`: works, but not as most people want it. `unknown`: the question failed, which says nothing about the deployment."""


@dataclass(frozen=True)
class Finding:
    """One line of the report. `mend` says what to do, empty when nothing is."""

    level: Level
    part: str
    said: str
    mend: str = ""


@dataclass(frozen=True)
class Deployment:
    """The deployed stack: outputs, parameters, and the functions' configurations by the name of their output."""

    name: str
    outputs: dict[str, str]
    parameters: dict[str, str]
    functions: dict[str, dict[str, Any]]

    def variable(self, output: str, name: str) -> str:
        """Return an environment variable of a function, empty when it is not set."""
        environment = self.functions.get(output, {}).get("Environment") or {}
        return str((environment.get("Variables") or {}).get(name, ""))

    def role_arn(self, output: str) -> str:
        """Return the role of a function, empty when the function is not known."""
        return str(self.functions.get(output, {}).get("Role", ""))


Check = Callable[[Deployment, AwsClients], Iterator[Finding]]


def code_of(exc: BotoCoreError | ClientError) -> str:
    """Return AWS's code of a failure, or the failure's own name."""
    return str(exc.response.get("Error", {}).get("Code", "")) if isinstance(exc, ClientError) else type(exc).__name__


def unread(part: str, question: str, exc: BotoCoreError | ClientError) -> Finding:
    """Return that a question failed with the credentials that `medic doctor` runs with."""
    return Finding("unknown", part, f"{question} failed with {code_of(exc)}", "run it with credentials that may ask this")

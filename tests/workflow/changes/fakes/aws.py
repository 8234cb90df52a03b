"""Lambda as the work on changes sees it, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.workflow.changes.fakes.watch import Watch

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"


def throttled(operation: str) -> ClientError:
    """Return what AWS answers when it is asked too often."""
    return _failure("ThrottlingException", operation)


def _failure(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as the test wants it"}}, operation)


@dataclass
class PretendAws:
    """Lambda functions with a timeout, a memory size and tags, held by revision; everything else is denied.

    `writes` holds every write that took effect. `lose` makes the next write take effect and its answer get lost.
    """

    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    lose: int = 0
    watch: Watch = lambda name: None

    def add(self, name: str, *, timeout: int = 3, memory: int = 128, tags: dict[str, str] | None = None) -> None:
        """Add a function."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"
        self.functions[name] = {"FunctionName": name, "FunctionArn": arn, "Timeout": timeout, "MemorySize": memory, "revision": 1}
        self.tags[arn] = tags or {}

    def for_incident(self, incident_id: str) -> PretendAws:
        """Fill the port ClientsForIncidents."""
        self.sessions.append(incident_id)
        return self

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client."""
        return _Client(self, service)

    def set(self, name: str, **settings: Any) -> None:
        """Be a third person who changes a function."""
        self.functions[name].update(settings)
        self.functions[name]["revision"] += 1

    def setting(self, name: str, key: str = "Timeout") -> Any:
        """Return what stands."""
        return self.functions[name][key]


class _Client:
    """The operations of Lambda that are there; each other one is denied, which a plan says and survives."""

    def __init__(self, aws: PretendAws, service: str) -> None:
        self._aws, self._service = aws, service

    def get_waiter(self, name: str) -> Any:
        """Return what waits for an update to end: here it ends at once."""
        return _Waiter()

    def __getattr__(self, operation: str) -> Any:
        def called(**parameters: Any) -> dict[str, Any]:
            self._aws.watch(f"aws.{operation}")
            codes = self._aws.refuse.get(operation)
            if codes:
                raise _failure(codes.pop(0), operation)
            method = getattr(type(self), f"_do_{operation}", None) if self._service == "lambda" else None
            if method is None:
                raise _failure("AccessDeniedException", operation)
            result: dict[str, Any] = method(self, parameters)
            self._aws.watch(f"aws.{operation}!")
            return result

        return called

    def _do_get_function_configuration(self, given: dict[str, Any]) -> dict[str, Any]:
        found = self._aws.functions.get(given["FunctionName"])
        if found is None:
            raise _failure("ResourceNotFoundException", "GetFunctionConfiguration")
        shown = {key: value for key, value in found.items() if key != "revision"}
        return {**shown, "RevisionId": f"r{found['revision']}", "LastUpdateStatus": "Successful", "Version": "$LATEST"}

    def _do_update_function_configuration(self, given: dict[str, Any]) -> dict[str, Any]:
        found = self._aws.functions[given["FunctionName"]]
        if given.get("RevisionId") not in (None, f"r{found['revision']}"):
            raise _failure("PreconditionFailedException", "UpdateFunctionConfiguration")
        settings = {key: value for key, value in given.items() if key not in ("FunctionName", "RevisionId")}
        self._aws.set(given["FunctionName"], **settings)
        self._aws.writes.append((given["FunctionName"], settings))
        if self._aws.lose:
            self._aws.lose -= 1
            raise _failure("RequestTimeout", "UpdateFunctionConfiguration")
        return self._do_get_function_configuration(given)

    def _do_list_tags(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": dict(self._aws.tags.get(given["Resource"], {}))}

    def _do_list_aliases(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"Aliases": []}

    def _do_list_event_source_mappings(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"EventSourceMappings": []}

    def _do_get_function_concurrency(self, given: dict[str, Any]) -> dict[str, Any]:
        return {}


class _Waiter:
    def wait(self, **parameters: Any) -> None:
        """Return at once."""

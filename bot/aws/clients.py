"""AWS clients: the one place for retries, timeouts, pool size, endpoint and assumed roles. The only module that imports boto3."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bot import __version__
from bot.errors import InputError

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config

CONNECT_TIMEOUT_S: Final = 3.0
"""An AWS endpoint that takes longer than this to accept a connection is not reachable from here."""

READ_TIMEOUT_S: Final = 10.0
"""botocore's default of 60 s is longer than the deadline of a whole investigation."""

MAX_ATTEMPTS: Final = 4
"""First try and three more. Modes and their back-off: https://docs.aws.amazon.com/boto3/latest/guide/retries.html"""

POOL_CONNECTIONS: Final = 16
"""Collectors ask one service several questions at once; botocore's default of 10 would drop and reopen connections."""

FAILED_STATUS: Final = 500
"""From here on AWS itself failed, perhaps after it had made the change."""

READ: Final = re.compile(r"(Get|List|Describe|Lookup|Simulate|AssumeRole)")
"""Operations that change nothing, by the beginning of their names."""

SESSION_NAME: Final = "lambda-medic"

SESSION_NAME_CHARS: Final = 64
"""A session's name may be no longer. Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""


@dataclass(frozen=True)
class Connection:
    """How to reach an account. None leaves a choice to boto3's own chain (environment, shared files, role of the machine).

    The endpoint is boto3's own choice too: it follows AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>.
    """

    region: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    """A role to assume, for a function in another account."""
    external_id: str | None = None
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    read_timeout_s: float = READ_TIMEOUT_S
    max_attempts: int = MAX_ATTEMPTS
    incident_id: str | None = None
    """Stands in the session's name and in the user agent, so that CloudTrail leads from a change back to the incident."""


class Boto3Clients:
    """Clients made on first use and kept; fills the port AwsClients.

    boto3 itself is imported at the first client, so that commands that never reach AWS do not pay for it.
    Sessions are not thread-safe, clients are: https://docs.aws.amazon.com/boto3/latest/guide/clients.html
    """

    def __init__(self, connection: Connection | None = None) -> None:
        self._connection = connection or Connection()
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._clients: dict[tuple[str, str | None], Any] = {}

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service.

        Raises:
            InputError: The profile does not exist, or no region is set anywhere.
        """
        key = (service, region or self._connection.region)
        # Reading a dict is atomic, so the usual case takes no lock.
        found = self._clients.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, key[1])
            return self._clients[key]

    @property
    def region(self) -> str | None:
        """Return the region that clients use by default; None when none is set anywhere."""
        with self._lock:
            return self._open().region_name

    def for_role(self, role_arn: str, external_id: str | None = None) -> Boto3Clients:
        """Return clients that act under another role, reached with the same connection."""
        return Boto3Clients(replace(self._connection, role_arn=role_arn, external_id=external_id))

    def for_incident(self, incident_id: str) -> Boto3Clients:
        """Return clients whose calls carry an incident's id into CloudTrail, and which send no write again that AWS may have taken."""
        return Boto3Clients(replace(self._connection, incident_id=incident_id))

    def _make(self, service: str, region: str | None) -> Any:
        from botocore.exceptions import NoRegionError, UnknownServiceError

        try:
            # The service's name is a plain text here, while the type stubs list every service as a literal.
            made = self._open().client(service, region_name=region, config=self._config())  # type: ignore[call-overload]
        except NoRegionError as exc:
            raise InputError("region: none is set; pass --region, or set AWS_REGION or a region in the profile") from exc
        except UnknownServiceError as exc:
            raise InputError(f"service: {exc}") from exc
        if self._connection.incident_id:
            # Before botocore's own handler, which is asked after each attempt whether to send it again.
            made.meta.events.register_first("needs-retry", _end_write_in_doubt)
        return made

    def _config(self) -> Config:
        from botocore.config import Config

        incident = self._connection.incident_id
        return Config(
            retries={"mode": "standard", "total_max_attempts": self._connection.max_attempts},
            connect_timeout=self._connection.connect_timeout_s,
            read_timeout=self._connection.read_timeout_s,
            max_pool_connections=POOL_CONNECTIONS,
            tcp_keepalive=True,
            user_agent_extra=f"lambda-medic/{__version__}" + (f" incident/{_marker(incident)}" if incident else ""),
        )

    def _open(self) -> Session:
        """Return the session, made once; the caller holds the lock."""
        if self._session is None:
            import boto3
            from botocore.exceptions import ProfileNotFound

            try:
                session = boto3.session.Session(profile_name=self._connection.profile, region_name=self._connection.region)
            except ProfileNotFound as exc:
                known = ", ".join(boto3.session.Session().available_profiles) or "none"
                raise InputError(f"profile: {self._connection.profile!r} is not configured; known: {known}") from exc
            role_arn = self._connection.role_arn
            self._session = self._under_role(session, role_arn) if role_arn else session
        return self._session

    def _under_role(self, base: Session, role_arn: str) -> Session:
        """Return a session whose credentials are those of the role, renewed before they expire."""
        import boto3
        import botocore.session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        incident = self._connection.incident_id
        extra = {"RoleSessionName": f"{SESSION_NAME}-{_marker(incident)}"[:SESSION_NAME_CHARS] if incident else SESSION_NAME}
        if self._connection.external_id:
            extra["ExternalId"] = self._connection.external_id
        fetcher = AssumeRoleCredentialFetcher(
            partial(base.client, config=self._config()), base.get_credentials(), role_arn, extra_args=extra
        )
        core = botocore.session.get_session()
        # The public way to set credentials takes fixed ones, which expire after an hour: https://github.com/boto/botocore/issues/761
        vars(core)["_credentials"] = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return boto3.session.Session(botocore_session=core, region_name=base.region_name)


def _end_write_in_doubt(
    operation: Any, response: tuple[Any, dict[str, Any]] | None = None, caught_exception: Exception | None = None, **_: Any
) -> None:
    """Raise what came of a write that AWS may have taken: sent again, it could write over what somebody else set meanwhile.

    What never got there, and what AWS refused for its rate, is left to botocore to repeat.
    """
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

    if READ.match(operation.name):
        return
    if caught_exception is not None and not isinstance(caught_exception, ConnectTimeoutError | EndpointConnectionError):
        raise caught_exception
    if response is not None and response[0].status_code >= FAILED_STATUS:
        raise ClientError(response[1], operation.name)  # type: ignore[arg-type]


def _marker(incident_id: str) -> str:
    """Return an incident's id in the characters that a session's name and a user agent both take."""
    return re.sub(r"[^A-Za-z0-9=,.@-]+", "-", incident_id)

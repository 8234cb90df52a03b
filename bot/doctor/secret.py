"""A secret in Parameter Store, or why there is none."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from bot.doctor.finding import Finding, code_of
from bot.ports import AwsClients


def secret(aws: AwsClients, name: str) -> tuple[str | None, Finding]:
    """Return a secret, or None with the reason; its value goes nowhere else."""
    what = f"secret {name or '(no name)'}"
    if not name:
        return None, Finding("fault", what, "the function's environment does not name its parameter", "deploy the stack again")
    try:
        found: str = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (BotoCoreError, ClientError) as exc:
        if code_of(exc) == "ParameterNotFound":
            mend = f"aws ssm put-parameter --type SecureString --name {name} --value ..."
            return None, Finding("fault", what, "there is no such parameter", mend)
        return None, Finding("unknown", what, f"could not be read: {code_of(exc)}", "run it with credentials that may read it")
    if found != found.strip() or not found:
        return None, Finding("fault", what, "is empty, or has a space or line end around it", "put it again without them")
    return found, Finding("ok", what, "is there")

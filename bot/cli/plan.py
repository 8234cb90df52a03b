"""`medic plan`: everything of a change but the write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import click

from bot.analysis.analyse import analyse
from bot.aws.clients import Boto3Clients, Connection
from bot.cli.options import json_option
from bot.cli.plan_output import print_plan
from bot.errors import InputError, RefusedError
from bot.models.diagnosis import Action, Answer, RemediationOffer
from bot.models.incident_file import IncidentFile
from bot.models.plan import PlanRequest
from bot.playbooks.engine import diagnose
from bot.playbooks.shipped import load_with_shipped
from bot.question import Question, parse
from bot.remediations.case import Case
from bot.remediations.offers import REMEDIATIONS, offer
from bot.remediations.requests import request_from

EXIT_REFUSED: Final = 3

ACTIONS: Final = get_args(Action)


@click.command()
@click.argument("function")
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of the action; VALUE may be JSON. Repeatable.")
@click.option("--from", "incident_path", type=click.Path(path_type=Path), help="Take values from this incident file (medic why --save).")
@click.option("--region", help="AWS region; else the one of the function's ARN, the profile or environment.")
@click.option("--profile", help="Profile of the AWS configuration.")
@json_option
def plan(
    function: str,
    action: Action,
    params: tuple[str, ...],
    incident_path: Path | None,
    region: str | None,
    profile: str | None,
    as_json: bool,
) -> int:
    """Show what ACTION would change at FUNCTION (a name, name:alias or ARN): old and new value, effects, and the exact call to AWS.

    Only reads. Exit status: 0 a plan was made; 3 the change is refused, with the reason; 2 the arguments are unusable; 1 AWS failed.

    \b
    medic plan orders raise-timeout --param to_seconds=30
    medic plan orders:live rollback-alias --param alias=live --param to_version=11
    medic plan orders raise-memory --from incident.json
    """
    question = parse(" ".join(filter(None, [function, f"--region={region}" if region else None])))
    given = _params(params)
    try:
        request = _request(question, action, given, incident_path)
        aws = Boto3Clients(Connection(region=request.region, profile=profile))
        made = REMEDIATIONS[action]().plan(request.model_copy(update={"region": request.region or aws.region}), aws)
    except RefusedError as exc:
        click.echo(f"medic: refused: {exc}", err=True)
        return EXIT_REFUSED
    if as_json:
        click.echo(json.dumps({**made.model_dump(mode="json"), "fingerprint": made.fingerprint()}, indent=2))
    else:
        print_plan(made)
    return 0


def _request(question: Question, action: Action, given: dict[str, Any], incident_path: Path | None) -> PlanRequest:
    if incident_path is None:
        return PlanRequest(
            action=action,
            function_name=question.function_name,
            params=given,
            qualifier=question.qualifier,
            region=question.region,
            account_id=question.account_id,
        )
    incident = IncidentFile.load(incident_path)
    if incident.target.function_name not in (None, question.function_name):
        raise InputError(f"--from: {incident_path} is about {incident.target.function_name}, not {question.function_name}")
    answer, case = diagnose(incident, load_with_shipped(None)), Case(incident, analyse(incident))
    request = request_from(_offer(answer, action, case, is_free=bool(given)), case, given=given)
    own = {"function_name": question.function_name, "qualifier": question.qualifier, "region": question.region}
    return request.model_copy(update={name: value for name, value in own.items() if value})


def _offer(answer: Answer, action: Action, case: Case, *, is_free: bool) -> RemediationOffer:
    """Return the offer of the diagnosis, else the one that the evidence gives; values given by hand need none."""
    for diagnosis in answer.diagnoses:
        found = next((o for o in diagnosis.remediations if o.action == action), None)
        if found:
            return found
    result = offer(action, case.incident, case.facts)
    if isinstance(result, RemediationOffer):
        return result
    if is_free:
        return RemediationOffer(action=action, why=result.why, risk=REMEDIATIONS[action].risk)
    raise RefusedError(f"{action}: {result.why}")


def _params(texts: tuple[str, ...]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for text in texts:
        name, has_value, value = text.partition("=")
        if not has_value or not name:
            raise InputError(f"--param: expected KEY=VALUE, found {text[:60]!r}")
        if name in params:
            raise InputError(f"--param: {name} is given twice")
        params[name] = _value(value)
    return params


def _value(text: str) -> Any:
    """Return a value as JSON where it is a list or object, else as the text that it is: an account id keeps its zeros."""
    if text[:1] not in ("[", "{"):
        return text
    try:
        return json.loads(text)
    except ValueError as exc:
        raise InputError(f"--param: {text[:60]!r} is not valid JSON: {exc}") from exc

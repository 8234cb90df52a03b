"""The stack itself: its functions, queues, dead letters and schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.doctor.finding import Deployment, Finding, code_of, unread
from bot.errors import InputError, SettingsError
from bot.ports import AwsClients
from bot.settings import AckSettings, InvestigateSettings, RemediateSettings

FUNCTIONS: Final = {
    "AckFunctionName": "the public endpoint",
    "InvestigateFunctionName": "the investigating worker",
    "RemediateFunctionName": "the changing worker",
}

QUEUES: Final = {
    "WorkQueueUrl": ("work queue", "InvestigateFunctionName"),
    "ChangeQueueUrl": ("change queue", "RemediateFunctionName"),
}

DEAD_LETTERS: Final = {"DeadLetterQueueUrl": "WorkQueueUrl", "ChangeDeadLetterQueueUrl": "ChangeQueueUrl"}

SETTINGS: Final[dict[str, Callable[[Mapping[str, str]], object]]] = {
    "AckFunctionName": AckSettings.from_environment,
    "InvestigateFunctionName": InvestigateSettings.from_environment,
    "RemediateFunctionName": RemediateSettings.from_environment,
}
"""What each function reads when it starts."""


def read_deployment(name: str, aws: AwsClients) -> Deployment:
    """Read the stack and its functions.

    Raises:
        InputError: There is no such stack, it may not be read, or it is none of ours.
    """
    stack, outputs = _described(name, aws)
    parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])}
    functions: dict[str, dict[str, Any]] = {}
    for output in FUNCTIONS:
        try:
            functions[output] = aws.client("lambda").get_function_configuration(FunctionName=outputs[output])
        except (BotoCoreError, ClientError) as exc:
            functions[output] = {"problem": code_of(exc)}
    return Deployment(name, outputs, parameters, functions)


def read_outputs(name: str, aws: AwsClients) -> dict[str, str]:
    """Read the stack's outputs.

    Raises:
        InputError: See `read_deployment`.
    """
    return _described(name, aws)[1]


def check_functions(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Are the functions there, ready, and free to run?"""
    for output, what in FUNCTIONS.items():
        name, config = deployment.outputs[output], deployment.functions[output]
        if "problem" in config:
            yield Finding("fault", what, f"{name} could not be read: {config['problem']}", f"deploy the stack {deployment.name} again")
            continue
        state, update = config.get("State", "Active"), config.get("LastUpdateStatus", "Successful")
        if state not in {"Active", "Inactive"} or update == "Failed":
            yield Finding("fault", what, f"{name} is {state}, its last update {update}: {config.get('StateReason', '')}", "deploy it again")
            continue
        try:
            reserved = aws.client("lambda").get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        except (BotoCoreError, ClientError) as exc:
            yield unread(what, f"reserved concurrency of {name}", exc)
            continue
        if reserved == 0:
            yield Finding(
                "fault",
                what,
                f"{name} is switched off: its reserved concurrency is 0",
                f"aws lambda delete-function-concurrency --function-name {name}",
            )
        else:
            yield Finding("ok", what, f"{name} is ready")


def check_settings(deployment: Deployment, _aws: AwsClients) -> Iterator[Finding]:
    """Would the functions start with the environment that they have?"""
    for output, read in SETTINGS.items():
        config = deployment.functions[output]
        if "problem" in config:
            continue
        what, environment = f"settings of {FUNCTIONS[output]}", config.get("Environment") or {}
        region = str(config.get("FunctionArn", "")).split(":")[3:4]
        try:
            settings = read({**environment.get("Variables", {}), "AWS_REGION": "".join(region)})
        except SettingsError as exc:
            yield Finding("fault", what, str(exc), f"deploy the stack {deployment.name} again with that parameter mended")
            continue
        seconds = ", ".join(map(str, settings.verify_after_seconds)) if isinstance(settings, RemediateSettings) else ""
        yield Finding("ok", what, f"are valid; a change is looked at after {seconds} s" if seconds else "are valid")


def check_queues(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Is every queue read, and what has the bot given up on?"""
    for output, (what, function) in QUEUES.items():
        try:
            found = _attributes(aws, deployment.outputs[output])
            mappings = aws.client("lambda").list_event_source_mappings(
                FunctionName=deployment.outputs[function], EventSourceArn=found["QueueArn"]
            )["EventSourceMappings"]
        except (BotoCoreError, ClientError) as exc:
            yield unread(what, f"attributes and readers of {deployment.outputs[output]}", exc)
            continue
        waiting = int(found.get("ApproximateNumberOfMessages", 0))
        if not any(mapping.get("State") in {"Enabled", "Creating", "Enabling", "Updating"} for mapping in mappings):
            yield Finding("fault", what, "nobody reads it: its event source mapping is missing or disabled", "deploy the stack again")
        else:
            yield Finding("ok", what, f"is read; {waiting} messages wait")
    for output, source in DEAD_LETTERS.items():
        what = f"dead letters of the {QUEUES[source][0]}"
        try:
            found = _attributes(aws, deployment.outputs[output])
        except (BotoCoreError, ClientError) as exc:
            yield unread(what, f"attributes of {deployment.outputs[output]}", exc)
            continue
        dead = int(found.get("ApproximateNumberOfMessages", 0))
        if dead:
            mend = f"read the workers' logs, mend the cause, then: aws sqs start-message-move-task --source-arn {found['QueueArn']}"
            yield Finding("fault", what, f"{dead} messages that the bot gave up on", mend)
        else:
            yield Finding("ok", what, "none")


def check_sweep(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Does the schedule run that ends what is late and picks up what a crash left?"""
    what = "sweep of open changes"
    queue = deployment.outputs["ChangeQueueUrl"]
    try:
        arn = _attributes(aws, queue)["QueueArn"]
        events = aws.client("events")
        rules = [events.describe_rule(Name=name) for name in events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]]
    except (BotoCoreError, ClientError) as exc:
        yield unread(what, "the schedule", exc)
        return
    if any(rule.get("State") == "ENABLED" for rule in rules):
        yield Finding("ok", what, "is scheduled")
    else:
        yield Finding("fault", what, "no enabled rule sends to the change queue", "enable the rule, or deploy the stack again")


def _attributes(aws: AwsClients, queue_url: str) -> dict[str, str]:
    found: dict[str, str] = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    return found


def _described(name: str, aws: AwsClients) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        stack = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (BotoCoreError, ClientError) as exc:
        raise InputError(f"stack {name}: {code_of(exc)}: {exc}") from exc
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    missing = [output for output in (*FUNCTIONS, *QUEUES, *DEAD_LETTERS, "TableName", "FunctionUrl") if output not in outputs]
    if missing:
        raise InputError(f"stack {name}: has no output {', '.join(missing)}; is it Lambda Medic's, and of this version?")
    return stack, outputs

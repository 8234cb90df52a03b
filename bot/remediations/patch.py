"""The same change in the source of each tool that may own a function."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from bot.models.plan import Owner

PLACE_OF_OWNER: Final[dict[str, str]] = {
    "cloudformation": "the CloudFormation template",
    "sam": "the SAM template",
    "cdk": "the CDK app",
    "serverless": "serverless.yml",
    "terraform": "the Terraform configuration",
    "pulumi": "the Pulumi program",
}


@dataclass(frozen=True, slots=True)
class Patch:
    """A change as CloudFormation and as Terraform name it; the other tools' forms follow from the two.

    `on_function` tells that the function's own resource changes, for which three tools have words of their own.
    """

    cfn_type: str
    cfn: dict[str, Any]
    terraform_type: str
    terraform: dict[str, Any]
    on_function: bool = False
    sam: dict[str, Any] = field(default_factory=dict)
    cdk: dict[str, str] = field(default_factory=dict)
    serverless: dict[str, Any] = field(default_factory=dict)


def render(patch: Patch, owner: Owner, function_name: str, logical_id: str | None) -> str:
    """Return the text to put into the tool's source; names that only the source knows stand in angle brackets."""
    name = logical_id or f"<logical id of {function_name}>"
    resource = name if patch.on_function else f"<logical id of the {patch.cfn_type}>"
    if owner == "sam" and patch.on_function:
        return _yaml({"Resources": {name: {"Type": "AWS::Serverless::Function", "Properties": patch.sam or patch.cfn}}})
    if owner == "cdk":
        return _cdk(patch, function_name)
    if owner == "serverless":
        return _serverless(patch, function_name, resource)
    if owner == "terraform":
        return _terraform(patch, function_name)
    if owner == "pulumi":
        return _pulumi(patch, function_name)
    return _yaml({"Resources": {resource: {"Type": patch.cfn_type, "Properties": patch.cfn}}})


def _serverless(patch: Patch, function_name: str, resource: str) -> str:
    if patch.on_function and patch.serverless:
        return _yaml({"functions": {f"<key of {function_name}>": patch.serverless}})
    return _yaml({"resources": {"Resources": {resource: {"Type": patch.cfn_type, "Properties": patch.cfn}}}})


def _cdk(patch: Patch, function_name: str) -> str:
    if patch.on_function and patch.cdk:
        lines = "\n".join(f"  {key}: {value}," for key, value in patch.cdk.items())
        return f'new lambda.Function(this, "<id of {function_name}>", {{\n  // …\n{lines}\n}});'
    module, _, kind = patch.cfn_type.removeprefix("AWS::").partition("::")
    body = _typescript({_lower_first(key): value for key, value in _camel_keys(patch.cfn).items()})
    return f'new {module.lower()}.Cfn{kind}(this, "<id>", {body});'


def _pulumi(patch: Patch, function_name: str) -> str:
    service, _, kind = patch.terraform_type.removeprefix("aws_").partition("_")
    if service == "api":
        service, kind = "apigateway", kind.removeprefix("gateway_")
    body = _typescript({_camel(key): _pulumi_value(value) for key, value in patch.terraform.items()})
    return f'new aws.{service}.{"".join(part.title() for part in kind.split("_"))}("<name of {function_name}>", {body});'


def _pulumi_value(value: Any) -> Any:
    if isinstance(value, Block):
        return {_camel(key): inner for key, inner in value.items()}
    return value


class Block(dict[str, Any]):
    """A nested block of Terraform's, which is written without an equals sign."""


def _terraform(patch: Patch, function_name: str) -> str:
    return f'resource "{patch.terraform_type}" "<name of {function_name}>" {{\n  # …\n{_hcl(patch.terraform, "  ")}\n}}'


def _hcl(attributes: dict[str, Any], indent: str) -> str:
    lines = []
    for key, value in attributes.items():
        if isinstance(value, Block):
            lines.append(f"{indent}{key} {{\n{_hcl(value, indent + '  ')}\n{indent}}}")
        elif key == "policy":
            lines.append(f"{indent}{key} = jsonencode({json.dumps(value)})")
        else:
            lines.append(f"{indent}{key} = {json.dumps(value)}")
    return "\n".join(lines)


def _yaml(tree: dict[str, Any]) -> str:
    return str(yaml.safe_dump(tree, sort_keys=False, width=1000)).rstrip()


def _typescript(value: Any) -> str:
    """Return a value as a TypeScript literal, keys unquoted where they may be."""
    text = json.dumps(value, indent=2)
    return re.sub(r'^(\s*)"([A-Za-z_][A-Za-z0-9_]*)":', r"\1\2:", text, flags=re.MULTILINE)


def _camel_keys(value: dict[str, Any]) -> dict[str, Any]:
    """Return properties as CDK's lowest layer names them; a policy document keeps its own keys."""
    return {_lower_first(k): (_camel_keys(v) if isinstance(v, dict) and not k.endswith("Document") else v) for k, v in value.items()}


def _lower_first(key: str) -> str:
    return key[:1].lower() + key[1:]


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.title() for part in rest)

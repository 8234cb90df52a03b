"""Plain values to DynamoDB's attributes and back; boto3's own converter would import boto3 and turns floats down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def to_attribute(value: object) -> dict[str, Any]:
    """Return a value as DynamoDB writes it."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {str(name): to_attribute(member) for name, member in value.items()}}
        case list() | tuple():
            return {"L": [to_attribute(member) for member in value]}
    raise TypeError(f"no DynamoDB attribute for a {type(value).__name__}")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Return the value of an attribute; numbers become int where they are whole."""
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            number = float(value)
            return int(number) if number.is_integer() and "." not in value else number
        case "M":
            return {name: from_attribute(member) for name, member in value.items()}
        case "L":
            return [from_attribute(member) for member in value]
    return value


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Return an item as DynamoDB writes it."""
    return {name: to_attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an item."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}

"""One DynamoDB table with the key `pk`: read, write, and change under a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.aws.attributes import from_item, to_attribute, to_item
from bot.errors import StateError
from bot.ports import AwsClients


@dataclass(frozen=True)
class Condition:
    """What must hold for a write. Names in the text stand as `#name`, values as `:name`."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The table. Every read is consistent: a retry must see what the worker before it wrote."""

    aws: AwsClients
    name: str

    def get(self, pk: str) -> dict[str, Any] | None:
        """Return the values of an item, or None."""
        answer = self._call("get_item", pk, Key={"pk": {"S": pk}}, ConsistentRead=True)
        item = (answer or {}).get("Item")
        return from_item(item) if item else None

    def put(self, pk: str, values: Mapping[str, object], condition: Condition | None = None) -> bool:
        """Write an item; returns False when the condition did not hold."""
        request: dict[str, Any] = {"Item": to_item({**values, "pk": pk})}
        if condition:
            request |= _conditional(condition, {})
        return self._call("put_item", pk, **request) is not None

    def change(self, pk: str, values: Mapping[str, object], condition: Condition, *, extra: str = "") -> dict[str, Any] | None:
        """Set attributes and return the item as it is then, or None when the condition did not hold.

        `extra` holds further assignments as an update expression writes them.
        """
        assignments = [f"#{name} = :set_{name}" for name in values] + ([extra] if extra else [])
        request = _conditional(condition, {f"set_{name}": value for name, value in values.items()})
        request["UpdateExpression"] = "SET " + ", ".join(assignments)
        names = _names(request["UpdateExpression"]) | request.get("ExpressionAttributeNames", {})
        answer = self._call(
            "update_item", pk, Key={"pk": {"S": pk}}, ReturnValues="ALL_NEW", **{**request, "ExpressionAttributeNames": names}
        )
        return None if answer is None else from_item(answer["Attributes"])

    def add(self, pk: str, name: str, member: str, *, expires_at: int | None = None) -> None:
        """Put a member into a set of texts, which need not be there yet. One update: workers at the same time lose nothing."""
        self._change_set("ADD", pk, name, member, expires_at)

    def discard(self, pk: str, name: str, member: str) -> None:
        """Take a member out of a set of texts."""
        self._change_set("DELETE", pk, name, member, None)

    def _change_set(self, verb: str, pk: str, name: str, member: str, expires_at: int | None) -> None:
        """Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html"""
        expression, values = f"{verb} #{name} :member", {":member": {"SS": [member]}}
        if expires_at is not None:
            expression, values = f"{expression} SET #expires_at = :expires_at", {**values, ":expires_at": to_attribute(expires_at)}
        self._call(
            "update_item",
            pk,
            Key={"pk": {"S": pk}},
            UpdateExpression=expression,
            ExpressionAttributeNames=_names(expression),
            ExpressionAttributeValues=values,
        )

    def _call(self, operation: str, pk: str, **request: Any) -> dict[str, Any] | None:
        client = self.aws.client("dynamodb")
        try:
            answer: dict[str, Any] = getattr(client, operation)(TableName=self.name, **request)
        except ClientError as exc:
            code = exc.response.get("Error", {}).get("Code", "")
            if code == "ConditionalCheckFailedException":
                return None
            raise StateError(f"{operation} {pk} in {self.name}: {code}: {exc}") from exc
        except BotoCoreError as exc:
            raise StateError(f"{operation} {pk} in {self.name}: {exc}") from exc
        return answer


def _conditional(condition: Condition, more: Mapping[str, object]) -> dict[str, Any]:
    values = {f":{name}": to_attribute(value) for name, value in {**condition.values, **more}.items()}
    request: dict[str, Any] = {"ConditionExpression": condition.text}
    names = _names(condition.text)
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values
    return request


def _names(expression: str) -> dict[str, str]:
    """Return the names that an expression uses, so that none of them can be a word that DynamoDB keeps for itself."""
    found: dict[str, str] = {}
    for part in expression.split("#")[1:]:
        name = ""
        for char in part:
            if not (char.isalnum() or char == "_"):
                break
            name += char
        found[f"#{name}"] = name
    return found

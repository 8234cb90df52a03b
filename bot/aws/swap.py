"""Replace an item if it is still the one that was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.aws.table import Condition, Table


def swap(table: Table, pk: str, old: Mapping[str, Any], values: Mapping[str, object]) -> bool:
    """Replace an item, or add it where there was none; False when another worker was quicker."""
    version = old.get("version", 0)
    same = Condition("#version = :seen", {"seen": version}) if old else Condition("attribute_not_exists(#pk)")
    return table.put(pk, {**values, "version": version + 1}, same)

"""The JSON Schema of a playbook, which editors use to complete and to check."""

from __future__ import annotations

from typing import Any

from bot.playbooks.model import Playbook


def schema() -> dict[str, Any]:
    """Return the schema of a playbook file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Playbook.model_json_schema(by_alias=True),
        "title": "Lambda Medic playbook",
    }

"""The vocabulary of causes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import pytest
import yaml

from bot.models.diagnosis import Action
from bot.playbooks.causes import CAUSES, helps

KNOWLEDGE = Path("knowledge") / "causes.yaml"


def shared_vocabulary() -> Path | None:
    """Return the vocabulary beside the corpus, where there is one."""
    corpus = os.environ.get("LAMBDA_MEDIC_CORPUS")
    shared = Path(corpus).resolve().parents[1] if corpus else Path(__file__).resolve().parents[2].parent / "shared"
    path = shared / KNOWLEDGE
    return path if path.is_file() else None


class TestVocabulary:
    def test_every_action_that_helps_is_one_of_the_vocabulary(self) -> None:
        assert {action for cause in CAUSES.values() for action in cause.help} <= set(get_args(Action))

    def test_an_unknown_cause_is_helped_by_nothing(self) -> None:
        assert not helps("it-broke", "raise-timeout")

    def test_agrees_with_the_shared_vocabulary(self) -> None:
        path = shared_vocabulary()
        if path is None:
            pytest.skip(f"no {KNOWLEDGE} beside the checkout or the corpus")

        shared = yaml.safe_load(path.read_text("utf-8"))

        ours = {label: (cause.family, list(cause.help)) for label, cause in CAUSES.items()}
        assert ours == {label: (str(entry["family"]), entry["help"]) for label, entry in shared.items()}

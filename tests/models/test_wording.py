"""Words for a person, the same in Slack and in the terminal."""

from __future__ import annotations

import pytest

from bot.models.diagnosis import RemediationOffer
from bot.models.wording import confidence_words, offer_words


class TestOffer:
    @pytest.mark.parametrize(
        ("action", "params", "words"),
        [
            ("raise-timeout", {"from_seconds": 3, "to_seconds": 10}, "raise timeout 3 s → 10 s"),
            ("raise-memory", {"to_mb": 512}, "raise memory to 512 MB"),
            ("remove-reserved-concurrency", {"from_concurrency": 0}, "remove reserved concurrency: from concurrency 0"),
            ("enable-tracing", {}, "enable tracing"),
        ],
    )
    def test_it_says_old_and_new_value(self, action: str, params: dict[str, int], words: str) -> None:
        """An approver decides by the two values."""
        offer = RemediationOffer.model_validate({"action": action, "params": params, "why": "it helps", "risk": "low"})

        assert offer_words(offer) == words


class TestConfidence:
    def test_more_confidence_never_sounds_less_sure(self) -> None:
        """The words fall in the order of the numbers."""
        said = [confidence_words(step / 20) for step in range(21)]

        assert said == sorted(said, key=["possible", "likely", "very likely", "almost certain"].index)

"""The confidence that an answer shows."""

from __future__ import annotations

from itertools import pairwise

from bot.playbooks.assess import CEILING
from bot.playbooks.calibration import ODDS, calibrated


class TestCalibrated:
    def test_never_changes_the_order(self) -> None:
        shown = [calibrated(step / 100) for step in range(101)]

        assert all(low < high or high == CEILING for low, high in pairwise(shown))

    def test_knows_no_certainty(self) -> None:
        assert (calibrated(0.0), calibrated(1.0)) == (0.0, CEILING)

    def test_raises_the_odds_by_what_was_measured(self) -> None:
        assert calibrated(0.5) == ODDS / (ODDS + 1)
        assert calibrated(0.9) == round(0.9 * ODDS / (0.9 * ODDS + 0.1), 4)

"""From what the playbooks trust themselves with to how often that is right."""

from __future__ import annotations

from typing import Final

from bot.playbooks.assess import CEILING

ODDS: Final = 3.0
"""By how much the odds of being right are better than the playbooks' authors say.

Measured on 194 answers to real incidents from public threads, of which the authors of the playbooks had seen none (92 answers) or
had just been handed them (102), and on 248 answers to the open case set. Expected calibration error on the unseen ones and on the
open set: 0.053 to 0.064 and 0.049 with 2, 0.037 to 0.044 and 0.034 with 3, 0.034 to 0.036 and 0.026 with 4. Of the two that are
within the bar of 0.05, the more modest one. Measure again, with `medic bench`, whenever confidences change as a whole.
"""


def calibrated(confidence: float) -> float:
    """Return the confidence to show; the order of two confidences never changes, and 0 and 1 stay where they are."""
    return round(min(CEILING, confidence * ODDS / (confidence * ODDS + 1 - confidence)), 4)

"""When people are told again: by severity, by number of victims, and never again for what they know."""

from __future__ import annotations

import pytest

from bot.models.incident import Impact, Worsening
from bot.workflow.news import severity_of, window_of, worsening
from tests.slack.factories import a_victim, an_incident, findings

HOUR_S = 3600.0


@pytest.mark.parametrize(("status", "severity"), [(502, "high"), (500, "high"), (499, "normal"), (200, "normal"), (None, "normal")])
def test_severity_goes_by_what_callers_get(status: int | None, severity: str) -> None:
    """A 5xx is an outage for somebody."""
    assert severity_of(findings(impact=Impact(status=status, since=None))) == severity
    assert severity_of(None) == "normal"


def test_high_severity_is_told_again_four_times_as_often() -> None:
    """Each severity has its own window."""
    high, normal = (window_of(an_incident(severity=one), HOUR_S) for one in ("high", "normal"))

    assert (high, normal) == (HOUR_S, 4 * HOUR_S)


@pytest.mark.parametrize(
    ("victims", "told", "expected"),
    [(3, 0, ()), (4, 0, ("victims",)), (4, 2, ("victims",)), (7, 4, ()), (8, 4, ("victims",)), (40, 40, ())],
)
def test_channel_hears_when_the_victims_have_doubled(victims: int, told: int, expected: tuple[Worsening, ...]) -> None:
    """From four functions on."""
    incident = an_incident(victims=tuple(a_victim(f"fn-{n}") for n in range(victims)), told_victims=told)

    assert worsening(incident, now=1000.0, renotify_s=HOUR_S) == expected


def test_channel_hears_once_a_minute_at_most() -> None:
    """A storm grows by the second."""
    incident = an_incident(victims=tuple(a_victim(f"fn-{n}") for n in range(8)), told_victims=4, worse_at=1000.0)

    assert worsening(incident, now=1059.0, renotify_s=HOUR_S) == ()
    assert worsening(incident, now=1060.0, renotify_s=HOUR_S) == ("victims",)


def test_channel_hears_when_callers_begin_to_see_errors() -> None:
    """Once: then it has been told."""
    assert worsening(an_incident(severity="high", told_severity="normal"), now=1000.0, renotify_s=HOUR_S) == ("severity",)
    assert worsening(an_incident(severity="high", told_severity="high"), now=1000.0, renotify_s=HOUR_S) == ()


def test_flapping_is_told_once_a_window() -> None:
    """An incident that reopens is told of at once, and then after the window of its severity."""
    incident = an_incident(severity="high", told_severity="high", told_recovered=True, worse_at=1000.0)

    assert worsening(incident.model_copy(update={"worse_at": None}), now=1000.0, renotify_s=HOUR_S) == ("reopened",)
    assert worsening(incident, now=999.0 + HOUR_S, renotify_s=HOUR_S) == ()
    assert worsening(incident, now=1000.0 + HOUR_S, renotify_s=HOUR_S) == ("reopened",)

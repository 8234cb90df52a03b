"""raise-memory: by the high-water mark, in steps that a person would choose."""

from __future__ import annotations

import pytest

from bot.analysis.facts import Facts, Runs
from tests.remediations.cases import an_incident, an_invocation, declined, offered

KILLED = Facts(runs=Runs(out_of_memory=3, max_memory_used_mb=128, max_memory_ratio=1.0))


class TestOffer:
    @pytest.mark.parametrize(("now", "to"), [(128, 512), (512, 1024), (1024, 2048), (3008, 6144), (8192, 10_240)])
    def test_at_least_doubles(self, now: int, to: int) -> None:
        """How much was needed is not known when the sandbox was killed at its limit; a small step fails again."""
        assert offered("raise-memory", an_incident(function={"MemorySize": now}), KILLED).params == {"from_mb": now, "to_mb": to}

    def test_reads_the_size_from_the_report_lines(self) -> None:
        """REPORT names the size where the configuration was not read."""
        facts = Facts(invocations=(an_invocation(outcome="oom", memory_size_mb=256, max_memory_used_mb=256),))

        assert offered("raise-memory", an_incident(), facts).params == {"from_mb": 256, "to_mb": 512}

    def test_buys_processor_time_for_a_slow_start(self) -> None:
        """A start that is short of processor time is helped although most memory is free."""
        facts = Facts(runs=Runs(max_memory_used_mb=77))

        offer = offered("raise-memory", an_incident(function={"MemorySize": 320}), facts, cause="cold-start")

        assert offer.params["to_mb"] == 1024
        assert "processor" in offer.why


class TestRefusal:
    def test_where_memory_is_not_short(self) -> None:
        """77 of 320 MB: more memory would change nothing."""
        why = declined("raise-memory", an_incident(function={"MemorySize": 320}), Facts(runs=Runs(max_memory_used_mb=77)))

        assert why == "runs used at most 77 of 320 MB: memory is not what is short"

    def test_at_the_limit(self) -> None:
        """Lambda has no larger size."""
        assert "10240 MB" in declined("raise-memory", an_incident(function={"MemorySize": 10_240}), KILLED)

"""From an incident file to facts."""

from __future__ import annotations

from bot.analysis.facts import Facts
from bot.analysis.invocations import InvocationReader
from bot.analysis.log_lines import iter_log_lines
from bot.models.incident_file import IncidentFile


def analyse(incident: IncidentFile) -> Facts:
    """Derive every fact that the file supports; what it does not support stays unknown."""
    reader = InvocationReader()
    for line in iter_log_lines(incident):
        reader.see(line)
    table = reader.table()
    return Facts(runs=table.runs, invocations=table.rows)

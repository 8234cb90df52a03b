"""A diagnosis for a terminal: what is wrong, the evidence, what would help, what could not be seen."""

from __future__ import annotations

import click
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from bot.models.diagnosis import Answer, Diagnosis
from bot.models.wording import VERDICT_HEADLINES, confidence_words, offer_words

EXCERPT_LIMIT_CHARS = 400


def print_answer(answer: Answer, *, as_json: bool, console: Console | None = None) -> None:
    """Print an answer on standard output: as the contract's JSON, or for a reader."""
    if as_json:
        click.echo(answer.to_json())
        return
    out = console or Console(highlight=False)
    name = answer.target.function_name or (answer.target.front_door.id if answer.target.front_door else None) or "unknown function"
    if not answer.diagnoses:
        out.print(f"[bold]{escape(name)}[/]: {VERDICT_HEADLINES[answer.verdict]}")
    for rank, diagnosis in enumerate(answer.diagnoses, start=1):
        _print_diagnosis(out, diagnosis, rank)
    _print_list(out, "What was looked at", answer.looked_at)
    _print_list(out, "Could be, to be checked", [f"{h.cause}: {h.check}" for h in answer.hypotheses])
    _print_list(out, "Could not be seen", [f"{g.section}: {g.operation} {g.code} {g.message}".strip() for g in answer.gaps])


def _print_diagnosis(out: Console, diagnosis: Diagnosis, rank: int) -> None:
    sure = confidence_words(diagnosis.confidence)
    after = f", follows from {diagnosis.explained_by}" if diagnosis.explained_by else ""
    out.print(f"[bold]{rank}. {escape(diagnosis.cause)}[/] ({sure}, {diagnosis.confidence:.2f}; made by the {diagnosis.hop}{after})")
    out.print(Padding(Text(diagnosis.summary), (0, 0, 0, 3)))
    for citation in diagnosis.evidence:
        times = f" ×{citation.count}" if citation.count > 1 else ""
        text = " ".join(citation.text.split())
        shown = text if len(text) <= EXCERPT_LIMIT_CHARS else f"{text[:EXCERPT_LIMIT_CHARS]}… ({len(text)} characters; --json has them all)"
        out.print(Padding(Text(f"{citation.section} {citation.ref}{times}: {shown}", style="dim"), (0, 0, 0, 5)))
    _print_list(out, "Would help", [f"{offer_words(o)}: {o.why} (risk {o.risk})" for o in diagnosis.remediations], indent=3)
    _print_list(out, "Would not help", [f"{d.action}: {d.why}" for d in diagnosis.declined], indent=3)
    _print_list(out, "Advice", diagnosis.advice, indent=3)
    _print_list(out, "References", diagnosis.references, indent=3)


def _print_list(out: Console, title: str, rows: list[str], indent: int = 0) -> None:
    if not rows:
        return
    out.print(Padding(Text(f"{title}:", style="bold"), (0, 0, 0, indent)))
    for row in rows:
        out.print(Padding(Text(f"• {row}"), (0, 0, 0, indent + 2)))

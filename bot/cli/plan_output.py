"""A plan for a terminal."""

from __future__ import annotations

import json
import textwrap

from rich.console import Console
from rich.text import Text

from bot.errors import as_words
from bot.models.plan import RemediationPlan


def print_plan(plan: RemediationPlan, console: Console | None = None) -> None:
    """Print what would change, what it means, whose it is, how it is undone, and the exact calls."""
    out = console or Console(highlight=False, soft_wrap=True)
    where = f"{plan.function_name}:{plan.qualifier}" if plan.qualifier else plan.function_name
    out.print(Text(f"{plan.action} of {where} in {plan.account_id}, {plan.region} (risk {plan.risk}); nothing was changed", style="bold"))
    _rows(out, "Change", [f"{f.name}: {as_words(f.old)} → {as_words(f.new)}" for f in plan.fields])
    _rows(out, "Effects", plan.effects)
    _rows(out, "Mind", plan.warnings + (["a second person must approve this"] if plan.needs_second_approver else []))
    _rows(out, "Not read", plan.unread)
    _print_owner(out, plan)
    _rows(out, "Undo", [plan.undo])
    calls = [f"{c.service} {c.operation} {json.dumps(c.parameters, ensure_ascii=False)}" for c in plan.calls]
    _rows(out, "Would be sent", calls)
    _rows(out, "Fingerprint", [plan.fingerprint()])


def _print_owner(out: Console, plan: RemediationPlan) -> None:
    ownership = plan.ownership
    if ownership.warning is None:
        told = "no tool was found" if ownership.owner == "nobody" else "not known, since not everything could be read"
        _rows(out, "Owner", [told])
        return
    _rows(out, "Owner", [ownership.warning, *ownership.evidence])
    if ownership.patch:
        # Not wrapped, since it is to be copied.
        out.print(Text(textwrap.indent(ownership.patch, "    ")))


def _rows(out: Console, title: str, rows: list[str]) -> None:
    if not rows:
        return
    out.print(Text(f"{title}:", style="bold"))
    for row in rows:
        out.print(Text(f"  • {row}"))

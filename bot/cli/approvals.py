"""`medic approvals`: check a file of approval rules before it is put into place."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from bot.errors import InputError
from bot.models.diagnosis import Risk
from bot.workflow.changes.rules import Rule, Rules, load_rules, rule_for


@click.group()
def approvals() -> None:
    """Work on the rules that say who may ask for changes and who may approve them."""


@approvals.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--function", "function_name", metavar="NAME", help="Say which rule decides about this function.")
@click.option("--risk", type=click.Choice(get_args(Risk)), help="For changes of this risk only; else for each.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the function. Repeatable.")
def check(file: Path, function_name: str | None, risk: Risk | None, tags: tuple[str, ...]) -> int:
    """Check FILE, and say who may ask and approve.

    Exit status: 0 the rules are valid; 2 they are not, and every fault is printed with its line.

    \b
    medic approvals check approvals.yaml
    medic approvals check approvals.yaml --function payments-api --tag tier=gold --risk high
    """
    if not function_name and (risk or tags):
        raise InputError("--risk and --tag go with --function")
    rules = load_rules(_text(file), str(file))
    if function_name:
        known = _tags(tags)
        for one in [risk] if risk else get_args(Risk):
            click.echo(f"{function_name} at risk {one}: {_told(rules, rule_for(rules, function_name=function_name, tags=known, risk=one))}")
        return 0
    for number, rule in enumerate(rules.rules, start=1):
        fits = [", ".join(rule.functions), *(f"{key}={value}" for key, value in rule.tags.items()), f"risk {', '.join(rule.risks)}"]
        click.echo(f"rule {number} ({'; '.join(fits)}): {_who(rule)}")
    if not rules.rules:
        click.echo("no rules: nobody may ask or approve")
    return 0


def _told(rules: Rules, rule: Rule | None) -> str:
    if rule is None:
        return "no rule fits: nobody may ask or approve"
    return f"rule {rules.rules.index(rule) + 1}: {_who(rule)}"


def _who(rule: Rule) -> str:
    ask = ", ".join(rule.may_ask) or "nobody"
    own = "also of their own requests" if rule.self_approval else "not of their own requests"
    people = "1 person" if rule.approvals == 1 else f"{rule.approvals} people"
    return f"{ask} may ask; {people} of {', '.join(rule.may_approve)} must approve within {rule.lifetime_minutes} minutes, {own}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise InputError(f"{file}: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"{file}:1: is not UTF-8 at byte {exc.start}") from exc


def _tags(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for (name, has_value, _), text in zip(pairs, texts, strict=True):
        if not name or not has_value:
            raise InputError(f"--tag: expected KEY=VALUE, found {text[:60]!r}")
    return {name: value for name, _, value in pairs}

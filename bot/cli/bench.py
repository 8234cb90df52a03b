"""`medic bench`: the figures over a folder of labelled incidents."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.options import playbooks_option
from bot.playbooks.bench import report, run, to_json
from bot.playbooks.bench_tables import markdown
from bot.playbooks.shipped import load_with_shipped


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures as JSON to this file.")
@click.option("--markdown", "markdown_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the page to this file.")
@click.option("--title", default="Bench", show_default=True, help="The page's title.")
@playbooks_option
def bench(folder: Path, json_path: Path | None, markdown_path: Path | None, title: str, playbooks: Path | None) -> int:
    """Answer the labelled incidents in FOLDER (labels.json and files/<id>.json) and print how good the answers are.

    Exit status: 0 figures were printed, 2 the folder is unusable; an empty or partial table is never printed.
    """
    figures = report(run(folder, load_with_shipped(playbooks)))
    page = markdown(figures, title)
    click.echo(page, nl=False)
    if json_path is not None:
        json_path.write_text(to_json(figures), "utf-8")
    if markdown_path is not None:
        markdown_path.write_text(page, "utf-8")
    return 0

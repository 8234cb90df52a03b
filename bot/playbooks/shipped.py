"""Where the playbooks that come with the package lie."""

from __future__ import annotations

import logging
from pathlib import Path

import bot
from bot.playbooks.loader import load_with_notes
from bot.playbooks.model import Playbook

logger = logging.getLogger(__name__)


def shipped_folder() -> Path:
    """Return the shipped set: inside the package when installed, beside it in a checkout."""
    package = Path(bot.__file__).resolve().parent
    installed = package / "_shipped" / "playbooks"
    return installed if installed.is_dir() else package.parent / "playbooks"


def load_with_shipped(folder: Path | None = None) -> tuple[Playbook, ...]:
    """Return the shipped playbooks with those of a user's own folder, which adds to them and overrides them by id.

    Raises:
        PlaybookError: A playbook of either folder is not valid.
    """
    loaded = load_with_notes([shipped_folder(), *([folder] if folder is not None else [])])
    for note in loaded.notes:
        logger.warning("playbook overridden: %s", note)
    return loaded.playbooks

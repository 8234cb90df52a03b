"""The names of the account's functions, kept in the state table so that the public endpoint can offer them while a person types."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.aws.table import Table
from bot.errors import StateError
from bot.ports import AwsClients, Clock

logger = logging.getLogger(__name__)

KEY: Final = "directory#functions"
"""The only kind of item that the public endpoint may read."""

MAX_AGE_S: Final = 3600.0

MAX_NAMES: Final = 5000
"""At 64 characters each well below the 400 KB that an item may have.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

IAM_ACTIONS: Final = frozenset({"lambda:ListFunctions"})


@dataclass(frozen=True)
class FunctionDirectory:
    """Fills the port Directory."""

    table: Table
    aws: AwsClients
    clock: Clock

    def names(self) -> tuple[str, ...]:
        """Return the names as they are known; empty when none are."""
        return tuple((self.table.get(KEY) or {}).get("names") or ())

    def refresh(self) -> tuple[str, ...]:
        """Read the names from AWS if they are old, keep and return them. A failure leaves what was known."""
        now = self.clock.now().timestamp()
        try:
            item = self.table.get(KEY) or {}
            known = tuple(item.get("names") or ())
            if now - float(item.get("read_at") or 0) < MAX_AGE_S:
                return known
            names = sorted(self._listed())
            self.table.put(KEY, {"names": names, "read_at": now})
        except (BotoCoreError, ClientError, StateError):
            logger.warning("the functions' names could not be read", exc_info=True)
            return ()
        return tuple(names)

    def _listed(self) -> list[str]:
        pages: Any = self.aws.client("lambda").get_paginator("list_functions").paginate()
        return [str(function["FunctionName"]) for page in pages for function in page.get("Functions", [])][:MAX_NAMES]

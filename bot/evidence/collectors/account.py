"""The account's alias: the name by which people know it."""

from __future__ import annotations

import logging
from typing import ClassVar

from bot.errors import CollectionError
from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context

logger = logging.getLogger(__name__)


@COLLECTORS.register("account-alias")
class AccountAlias(Collector):
    """The alias of the account; no cause hangs on it, so a refusal is no gap in the evidence."""

    sections = ("target",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"iam:ListAccountAliases"})
    source_url = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html"

    def collect(self, context: Context) -> str | None:
        """Read it once the function could be: where nothing can be read, one more refusal tells nothing."""
        try:
            context.need("function")
            aliases = context.call("iam", "ListAccountAliases").get("AccountAliases") or []
        except CollectionError as exc:
            logger.info("the account's alias is not known", extra={"code": exc.code})
            return None
        # An account has one at most.
        return str(aliases[0]) if aliases else None

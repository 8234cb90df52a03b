"""request-quota-increase: what AWS has no way back for."""

from __future__ import annotations

import pytest

from bot.errors import RefusedError
from tests.remediations.account import Account
from tests.remediations.changes import plan_of, remedy


def test_a_quota_request_cannot_be_undone(account: Account) -> None:
    """AWS has no call for it."""
    applied = remedy("request-quota-increase").apply(plan_of("request-quota-increase", account), account)

    with pytest.raises(RefusedError, match="cannot be withdrawn"):
        remedy("request-quota-increase").undo(applied, account)

"""The account's alias: for people to read, never a gap."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.errors import CollectionError
from tests.evidence.fakes import REGION, FixedClients, a_run, ask


@pytest.mark.parametrize(("answer", "alias"), [(["shop-prod"], "shop-prod"), ([], None), ("AccessDenied", None)])
def test_is_read_where_there_is_one(answer: Any, alias: str | None) -> None:
    """An account without an alias, or one that the bot may not ask, goes by its number."""
    client = boto3.client("iam", region_name=REGION)
    with Stubber(client) as stubber:
        if isinstance(answer, str):
            stubber.add_client_error("list_account_aliases", answer)
        else:
            stubber.add_response("list_account_aliases", {"AccountAliases": answer, "IsTruncated": False}, {})
        value, _, gaps = ask("account-alias", a_run(FixedClients(iam=client), needs={"function": {}}))

    assert value == alias
    assert gaps == []


def test_is_not_asked_where_nothing_can_be_read() -> None:
    """One more refusal would tell nothing."""
    value, _, gaps = ask("account-alias", a_run(FixedClients(), needs={"function": CollectionError("no", code="ExpiredToken")}))

    assert (value, gaps) == (None, [])

"""Members of user groups: read from Slack, remembered for minutes, and nobody where they cannot be read."""

from __future__ import annotations

import pytest

from bot.errors import DeliveryError
from bot.slack.groups import REMEMBERED_S, SlackGroups
from tests.slack.server import Answer, SlackServer


def members(*users: str) -> Answer:
    """Return Slack's answer."""
    return (200, {"ok": True, "users": list(users)}, {})


class TestMembers:
    def test_are_read_and_remembered_for_a_while(self, server: SlackServer) -> None:
        """Somebody who left cannot approve for long."""
        now = [0.0]
        groups = SlackGroups(token=lambda: "xoxb-test", api_url=f"{server.url}/api/", seconds=lambda: now[0])
        server.script["usergroups.users.list"] = [members("U1", "U2"), members("U2")]

        assert groups.members("S0PLATFORM") == {"U1", "U2"}
        now[0] = REMEMBERED_S - 1
        assert groups.members("S0PLATFORM") == {"U1", "U2"}
        now[0] = REMEMBERED_S
        assert groups.members("S0PLATFORM") == {"U2"}
        assert [body["usergroup"] for body in server.sent("usergroups.users.list")] == ["S0PLATFORM"] * 2

    @pytest.mark.parametrize("code", ["no_such_subteam", "subteam_disabled", "missing_scope", "token_revoked"])
    def test_a_refusal_counts_nobody(self, server: SlackServer, code: str) -> None:
        """Also where they were known before."""
        now = [0.0]
        groups = SlackGroups(token=lambda: "xoxb-test", api_url=f"{server.url}/api/", seconds=lambda: now[0])
        server.script["usergroups.users.list"] = [members("U1"), (200, {"ok": False, "error": code}, {})]
        groups.members("S0PLATFORM")
        now[0] = REMEMBERED_S

        with pytest.raises(DeliveryError) as caught:
            groups.members("S0PLATFORM")

        assert caught.value.code == code

    def test_an_answer_without_users_counts_nobody(self, server: SlackServer) -> None:
        """An empty set would say that the group is empty."""
        groups = SlackGroups(token=lambda: "xoxb-test", api_url=f"{server.url}/api/")

        with pytest.raises(DeliveryError, match="invalid_answer"):
            groups.members("S0PLATFORM")

    def test_what_is_no_group_is_not_asked_for(self, server: SlackServer) -> None:
        """Rules are written by hand."""
        groups = SlackGroups(token=lambda: "xoxb-test", api_url=f"{server.url}/api/")

        with pytest.raises(DeliveryError, match="no id of a user group"):
            groups.members("platform team")
        assert server.calls == []

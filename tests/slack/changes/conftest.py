"""Real plans of every action, made once from an account in this process."""

from __future__ import annotations

import pytest
from moto import mock_aws

from bot.models.diagnosis import Action
from bot.models.plan import RemediationPlan
from tests.environment import forget_aws
from tests.remediations.account import ACCOUNT_ID, REGION, Account
from tests.remediations.changes import ACTIONS, plan_of

Plans = dict[Action, RemediationPlan]


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    """Return a plan of each action, of a function that no tool owns."""
    return _plans(tmp_path_factory, {})


@pytest.fixture(scope="session")
def owned_plans(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    """Return a plan of each action, of a function that Terraform owns."""
    return _plans(tmp_path_factory, {"managed-by": "terraform"})


def _plans(tmp_path_factory: pytest.TempPathFactory, tags: dict[str, str]) -> Plans:
    made: Plans = {}
    for action in ACTIONS:
        with pytest.MonkeyPatch.context() as patch, mock_aws():
            forget_aws(patch, tmp_path_factory.mktemp("home"), REGION)
            account = Account()
            if tags:
                account.client("lambda").tag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:orders", Tags=tags)
            made[action] = plan_of(action, account)
    return made

"""No test of the remediations reaches the network or reads the machine's own AWS configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.environment import forget_aws
from tests.remediations.account import REGION, Account


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_aws(monkeypatch, tmp_path, REGION)


@pytest.fixture
def account() -> Iterator[Account]:
    """An account with the function `orders`, version 1 and 2, alias `live`, a queue, an API and some neighbours."""
    with mock_aws():
        yield Account()

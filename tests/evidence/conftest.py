"""No test of the evidence reaches the network or reads the machine's own AWS configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.environment import forget_aws
from tests.evidence.fakes import REGION


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_aws(monkeypatch, tmp_path, REGION)


@pytest.fixture
def account() -> Iterator[None]:
    """An empty AWS account in this process."""
    with mock_aws():
        yield

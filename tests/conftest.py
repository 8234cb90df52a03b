"""How the tests are shared out among processes (pytest -n): a file stays together, and so do all tests of the deployed stack."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its group, for `--dist loadgroup`: what a file's tests share is made once, and the stack is deployed once."""
    for item in items:
        place = item.path.relative_to(HERE) if item.path.is_relative_to(HERE) else item.path
        group = place.parts[0] if place.parts[0] == "e2e" else str(place)
        item.add_marker(pytest.mark.xdist_group(group))

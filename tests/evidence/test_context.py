"""A collector asks what it declares and nothing else."""

from __future__ import annotations

import pytest

from bot.errors import CollectionError
from bot.evidence.context import Context
from tests.evidence.fakes import FixedClients, a_run
from tests.evidence.shop import FUNCTION_ARN


class TestDeclaration:
    def test_a_question_that_was_not_declared_is_refused(self) -> None:
        """A collector cannot use a permission that the deployment does not grant for it."""
        context = Context("x", ("function",), frozenset({"lambda:GetPolicy"}), a_run(FixedClients()))

        with pytest.raises(CollectionError, match="collector x does not declare lambda:ListTags"):
            context.call("lambda", "ListTags", Resource=FUNCTION_ARN)

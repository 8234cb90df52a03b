"""Generated pages and the JSON Schema."""

from __future__ import annotations

from pathlib import Path

from bot.playbooks.loader import survey
from bot.playbooks.pages import page, write_pages
from bot.playbooks.schema import schema
from bot.playbooks.words import code
from tests.playbooks.made import DOWNSTREAM, TIMEOUT, a_playbook, write_set


class TestPages:
    def test_there_is_one_for_each_playbook_and_an_index(self, tmp_path: Path) -> None:
        sources = list(survey([write_set(tmp_path / "set", TIMEOUT, DOWNSTREAM)]).sources.values())

        written = write_pages(sources, tmp_path / "docs")

        assert [path.name for path in written] == ["function-timeout.md", "index.md", "slow-downstream.md"]
        assert (
            "| [function-timeout](function-timeout.md) | The function reached its own timeout |"
            in (tmp_path / "docs" / "index.md").read_text()
        )

    def test_writing_again_changes_nothing_and_a_check_finds_a_stale_page(self, tmp_path: Path) -> None:
        sources = list(survey([write_set(tmp_path / "set", TIMEOUT, DOWNSTREAM)]).sources.values())
        write_pages(sources, tmp_path / "docs")
        (tmp_path / "docs" / "function-timeout.md").write_text("old", "utf-8")

        assert [path.name for path in write_pages(sources, tmp_path / "docs", check=True)] == ["function-timeout.md"]
        assert [path.name for path in write_pages(sources, tmp_path / "docs")] == ["function-timeout.md"]
        assert write_pages(sources, tmp_path / "docs") == []

    def test_the_page_of_a_playbook_that_is_gone_is_removed_and_no_other_file(self, tmp_path: Path) -> None:
        both = list(survey([write_set(tmp_path / "set", TIMEOUT, DOWNSTREAM)]).sources.values())
        write_pages(both, tmp_path / "docs")
        (tmp_path / "docs" / "notes.md").write_text("written by hand", "utf-8")

        write_pages([source for source in both if source.path.stem == "function-timeout"], tmp_path / "docs")

        assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == ["function-timeout.md", "index.md", "notes.md"]

    def test_says_what_shows_the_cause_what_silences_it_and_what_it_offers(self) -> None:
        text = page(a_playbook(TIMEOUT))

        for part in (
            "# The function reached its own timeout",
            "**platform-line**, trusted with 0.90 where it alone is seen",
            "`/Task timed out after (?P<seconds>[0-9.]+) seconds/ in function-log`",
            "## When it stays silent",
            "`function.Timeout > 600`",
            "- offered: `raise-timeout`",
            "wording from https://docs.aws.amazon.com/",
        ):
            assert part in text

    def test_backticks_in_a_pattern_do_not_break_the_page(self) -> None:
        assert code("a `b` c") == "`` a `b` c ``"


class TestSchema:
    def test_lists_keys_causes_and_roles_for_completion(self) -> None:
        found = schema()

        assert "out-of-memory" in found["properties"]["cause"]["enum"]
        assert {"all", "any", "not", "text", "value", "fact", "metric", "state"} == set(found["$defs"]["Condition"]["properties"])
        assert found["additionalProperties"] is False
        assert "denials" in found["$defs"]["FactCondition"]["properties"]["of"]["enum"]

"""Playbooks from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import PlaybookError
from bot.playbooks.loader import load, load_with_notes, parse, survey
from tests.playbooks.made import DOWNSTREAM, TIMEOUT, faults_of, text_of, write_set

HEAD = """
    id: made
    cause: function-timeout
    title: t
    doc: d
    hop: function
    check: c
    summary: s
"""


def with_signal(condition: str, head: str = HEAD) -> str:
    """Return a playbook with one signal."""
    return f"{head}    signals:\n      - id: only\n        confidence: 0.9\n        when: {condition}\n"


class TestFaults:
    def test_a_valid_playbook_has_none(self) -> None:
        assert faults_of(TIMEOUT, "function-timeout") == []

    def test_an_unknown_key_is_named_with_its_line_and_the_known_ones(self) -> None:
        faults = faults_of(with_signal("{text: {pattern: a line, inn: [function-log]}}"))

        assert len(faults) == 1
        assert faults[0].startswith("made.yaml:11: signals.0.when.text.inn: unknown key 'inn', did you mean 'in'?; known: as, handled, in,")

    def test_a_duplicate_key_is_refused_with_both_lines(self) -> None:
        """YAML lets the second silently win, and the first would be lost."""
        faults = faults_of(HEAD.replace("    title: t\n", "    title: t\n    title: u\n") + with_signal("{text: {pattern: ab}}", ""))

        assert faults == ["made.yaml:4: title: duplicate key 'title', first given on line 3"]

    def test_a_duplicate_key_in_a_condition_is_refused(self) -> None:
        assert any("duplicate key 'pattern'" in fault for fault in faults_of(with_signal("{text: {pattern: ab, pattern: cd}}")))

    @pytest.mark.parametrize("pattern", ["'a('", "'(?=b)a'", r"'(a)\1'"])
    def test_a_pattern_that_re2_refuses_is_a_fault(self, pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
        """RE2 knows no look-around and no back-references; its own message to standard error would only repeat the fault."""
        faults = faults_of(with_signal(f"{{text: {{pattern: {pattern}}}}}"))

        assert len(faults) == 1
        assert faults[0].startswith("made.yaml:11: signals.0.when.text.pattern: ")
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            ("{value: {path: functon.Timeout, gt: 3}}", "unknown section 'functon'; known: alarm,"),
            ("{value: {path: facts.runs.timeouts, gt: 3}}", "unknown name of Runs 'timeouts'; known: "),
            ("{value: {path: function.Timeout}}", "no operator; known: equals,"),
            ("{fact: {of: denial}}", "unknown list of facts 'denial'; known: changes,"),
            ("{fact: {of: denials, where: {policy: identity}}}", "unknown field of denials 'policy'; known: "),
            ("{fact: {of: denials, where: {policy_type: identiy}}}", "denials.policy_type is never 'identiy'; known: identity,"),
            ("{state: {section: policy, is: none}}", "unknown section 'policy'; known: "),
            ("{metric: {namespace: AWS/Lambda, name: Errors}}", "no operator; known: equals, gt,"),
            ("{all: []}", "at least 1 item"),
            ("{text: {pattern: ab}, state: {section: logs, is: none}}", "a condition has exactly one key, this has text, state"),
        ],
    )
    def test_what_a_condition_names_must_exist(self, condition: str, message: str) -> None:
        faults = faults_of(with_signal(condition))

        assert any(message in fault and fault.startswith("made.yaml:11: ") for fault in faults), faults

    def test_an_undefined_variable_is_found_when_the_playbook_is_loaded(self) -> None:
        """Not only at three in the morning, when the summary is to be written."""
        text = with_signal("{text: {pattern: 'after (?P<seconds>[0-9]+) s'}}").replace("summary: s", 'summary: "{{ secnds }}"')

        faults = faults_of(text)

        assert len(faults) == 1
        assert faults[0].startswith("made.yaml:7: summary: undefined variable 'secnds'; known: count, facts, front_door, function,")

    def test_a_named_group_and_an_as_name_define_variables(self) -> None:
        condition = "{any: [{text: {pattern: 'a (?P<host>b)'}}, {fact: {of: denials, as: denial}}]}"
        text = with_signal(condition).replace("summary: s", 'summary: "{{ host }} {{ denial.action }}"')

        assert faults_of(text) == []

    def test_the_line_of_a_fault_in_a_block_of_text_is_the_line_of_the_word(self) -> None:
        text = with_signal("{text: {pattern: ab}}") + "    advice:\n      - text: |\n          fine\n          {{ wrong }}\n"

        assert faults_of(text)[0].startswith("made.yaml:15: advice.0.text: undefined variable 'wrong'")

    @pytest.mark.parametrize(
        ("template", "message"),
        [
            ("{{ facts.runs.fails }}", "unknown name of Runs 'fails'"),
            ("{{ function | shout }}", "unknown filter 'shout'"),
            ("{{ function", "not a valid template"),
        ],
    )
    def test_what_a_template_names_must_exist(self, template: str, message: str) -> None:
        faults = faults_of(with_signal("{text: {pattern: ab}}").replace("summary: s", f'summary: "{template}"'))

        assert [message in fault for fault in faults] == [True]

    def test_a_group_may_not_hide_a_variable_of_the_engine(self) -> None:
        faults = faults_of(with_signal("{text: {pattern: '(?P<count>[0-9]+) of'}}"))

        assert [fault.endswith("'count' would hide the template variable of that name") for fault in faults] == [True]

    def test_an_unknown_cause_is_refused_with_the_vocabulary(self) -> None:
        faults = faults_of(with_signal("{text: {pattern: ab}}").replace("cause: function-timeout", "cause: it-broke"))

        assert faults[0].startswith("made.yaml:2: cause: unknown cause 'it-broke'; known: function-timeout,")

    def test_the_file_name_is_the_id(self) -> None:
        assert faults_of(with_signal("{text: {pattern: ab}}"), "other")[0].startswith("other.yaml:1: id: is 'made', but the file is called")

    @pytest.mark.parametrize(
        "text", ["", "[a, b]", "a: [", "a: &a [*a]", "? [a]\n: b", "--- a\n--- b\n", "id: !!python/object:os.system x"]
    )
    def test_what_is_no_playbook_at_all_is_a_fault(self, text: str) -> None:
        source, faults = parse(text, Path("made.yaml"))

        assert faults
        assert source.playbook is None

    def test_aliases_that_unfold_without_end_are_refused(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

        assert any("too many values" in fault for fault in parse("\n".join(lines), Path("made.yaml"))[1])

    @pytest.mark.parametrize("text", ["[" * 500_000, "- " * 500_000 + "a", "a: " + "{b: " * 100_000])
    def test_a_file_nested_without_end_is_refused_and_does_not_end_the_process(self, text: str) -> None:
        assert any("too many levels" in fault or "not valid YAML" in fault for fault in parse(text, Path("made.yaml"))[1])


class TestLoad:
    def test_every_fault_of_every_file_comes_at_once(self, tmp_path: Path) -> None:
        write_set(tmp_path, TIMEOUT.replace("hop: function", "hop: funktion"), DOWNSTREAM.replace("title:", "titel:"))

        with pytest.raises(PlaybookError) as raised:
            load([tmp_path])

        assert len(raised.value.faults) == 3  # the hop, the unknown key, the missing title
        assert {fault.split(":")[0] for fault in raised.value.faults} == {
            str(tmp_path / "function-timeout.yaml"),
            str(tmp_path / "slow-downstream.yaml"),
        }

    def test_playbooks_come_in_the_order_of_their_ids(self, tmp_path: Path) -> None:
        write_set(tmp_path, DOWNSTREAM, TIMEOUT)

        assert [playbook.id for playbook in load([tmp_path])] == ["function-timeout", "slow-downstream"]

    def test_a_users_folder_overrides_by_id_and_says_so(self, tmp_path: Path) -> None:
        shipped = write_set(tmp_path / "shipped", TIMEOUT, DOWNSTREAM)
        own = write_set(tmp_path / "own", TIMEOUT.replace("confidence: 0.9", "confidence: 0.6"))

        loaded = load_with_notes([shipped, own])

        assert [playbook.id for playbook in loaded.playbooks] == ["function-timeout", "slow-downstream"]
        assert loaded.playbooks[0].signals[0].confidence == 0.6
        assert loaded.notes == [f"{own / 'function-timeout.yaml'} overrides {shipped / 'function-timeout.yaml'}"]

    def test_a_superseded_playbook_must_exist(self, tmp_path: Path) -> None:
        write_set(tmp_path, TIMEOUT + "    supersedes: [slow-downstraem]\n")

        faults = survey([tmp_path]).faults

        assert [": supersedes.0: unknown playbook 'slow-downstraem'; known: function-timeout" in fault for fault in faults] == [True]

    def test_an_empty_or_missing_folder_is_a_fault_and_not_an_empty_set(self, tmp_path: Path) -> None:
        """With no playbook every incident would look healthy."""
        with pytest.raises(PlaybookError, match="holds no playbook"):
            load([tmp_path])
        with pytest.raises(PlaybookError, match="No such file"):
            load([tmp_path / "nowhere"])

    def test_a_file_that_is_no_text_is_a_fault(self, tmp_path: Path) -> None:
        write_set(tmp_path, DOWNSTREAM)
        (tmp_path / "function-timeout.yaml").write_bytes(text_of(TIMEOUT).encode("utf-16"))

        with pytest.raises(PlaybookError, match=r"function-timeout\.yaml:1: is not UTF-8"):
            load([tmp_path])

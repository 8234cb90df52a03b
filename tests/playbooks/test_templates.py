"""The texts of playbooks."""

from __future__ import annotations

import pytest

from bot.playbooks.templates import MAX_CHARS, TextTemplateError, render
from tests.playbooks.made import NO_FACTS, an_incident


class TestSandbox:
    @pytest.mark.parametrize(
        "template",
        [
            "{{ ''.__class__.__mro__ }}",
            "{{ function.__init__.__globals__ }}",
            "{{ facts.__class__.__subclasses__() }}",
            "{{ facts.model_dump_json() }}",
            "{{ facts.model_construct }}",
            "{{ incident.load('/etc/passwd') }}",
            "{{ incident['__class__'] }}",
            "{{ incident | attr('to_json') }}",
            "{{ (function | attr('__class__')) }}",
            "{{ self.__init__ }}",
            "{{ ('%s' % function) }}",
            "{{ 'x' * 1000000000 }}",
            "{{ [1] * 1000000000 }}",
            "{{ 9 ** 99999999 }}",
            "{{ '{0.__class__}'.format(function) }}",
            "{{ range(1000000000) | list }}",
            "{{ lipsum() }}",
            "{% include '/etc/passwd' %}",
        ],
    )
    def test_refuses_what_reaches_beyond_the_evidence(self, template: str) -> None:
        """A playbook is user input; its texts may show evidence and nothing else."""
        with pytest.raises(TextTemplateError):
            render(template, {"function": "checkout", "facts": NO_FACTS, "incident": an_incident()})

    def test_shows_facts_and_evidence(self) -> None:
        incident = an_incident(function={"Timeout": 3, "VpcConfig": {"SubnetIds": ["a", "b"]}})

        text = render(
            "{{ incident.function.Timeout }} {{ facts.runs.failed }} {{ incident.function.VpcConfig.SubnetIds | join(', ') }} {{ 2 * 3 }}",
            {"incident": incident, "facts": NO_FACTS},
        )

        assert text == "3 0 a, b 6"


class TestRender:
    def test_an_undefined_variable_is_a_fault_and_never_an_empty_word(self) -> None:
        with pytest.raises(TextTemplateError, match="'seconds' is undefined"):
            render("stopped at {{ seconds }} s", {})

    @pytest.mark.parametrize("template", ["{{ 1 / 0 }}", "{{ value | seconds }}", "{{ value.missing.deeper }}"])
    def test_a_text_that_fails_is_a_fault_of_the_text(self, template: str) -> None:
        with pytest.raises(TextTemplateError):
            render(template, {"value": "many"})

    def test_log_text_is_data_and_no_template(self) -> None:
        """A line that reads like a template is shown as it is."""
        assert render("said {{ line }}", {"line": "{{ 7 * 7 }}"}) == "said {{ 7 * 7 }}"

    @pytest.mark.parametrize(
        ("template", "text"),
        [
            ("{{ 1 | times }}, {{ 2 | times }}, {{ 4100 | times }}", "once, twice, 4,100 times"),
            ("{{ 1 | plural('run') }}, {{ 3 | plural('run') }}", "1 run, 3 runs"),
            ("{{ 29000 | seconds }} s, {{ 2513 | seconds }} s", "29 s, 2.51 s"),
            ("{{ 6291556 | mb }} MB", "6 MB"),
            ("{{ '3.00' | number }}", "3"),
            ("{{ 0.985 | share }}", "98.5 %"),
        ],
    )
    def test_numbers_read_as_people_write_them(self, template: str, text: str) -> None:
        assert render(template, {}) == text

    def test_a_text_is_one_line_of_bounded_length(self) -> None:
        text = render("{{ line }}", {"line": "a b\n" * 5000})

        assert len(text) <= MAX_CHARS
        assert "\n" not in text

"""Figures over labelled incidents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InputError
from bot.playbooks.bench import Label, Row, calibration, interval, read_labels, report, run, to_json
from bot.playbooks.bench_tables import markdown
from tests.playbooks.made import DOWNSTREAM, TIMEOUT, a_playbook, invocation, request_id, timed_out

SET = (a_playbook(TIMEOUT), a_playbook(DOWNSTREAM))


def a_label(name: str, **changes: Any) -> dict[str, Any]:
    """Return a label as labels.json has it."""
    return {
        "id": name,
        "cause": "function-timeout",
        "accept": [],
        "answerable": "yes",
        "helpful": ["raise-timeout"],
        "status": 502,
        **changes,
    }


def a_bench(folder: Path, labels: list[dict[str, Any]], **logs: list[str]) -> Path:
    """Write labels and incident files."""
    (folder / "files").mkdir(parents=True)
    (folder / "labels.json").write_text(json.dumps(labels), "utf-8")
    for name, lines in logs.items():
        events = [{"timestamp": number, "stream": "s", "message": line} for number, line in enumerate(lines)]
        incident = {"version": 1, "target": {"function_name": "checkout"}, "logs": [{"group": "/aws/lambda/checkout", "events": events}]}
        (folder / "files" / f"{name}.json").write_text(json.dumps(incident), "utf-8")
    return folder


def a_row(right: bool, confidence: float) -> Row:
    """Return an answered row."""
    label = Label(id="a", cause="function-timeout", answerable="yes")
    return Row(label, "diagnosed", ("function-timeout" if right else "dns-failure",), confidence, ())


class TestRefuses:
    def test_a_folder_without_labels(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"labels\.json: No such file"):
            read_labels(tmp_path)

    def test_an_empty_table(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="holds no label"):
            read_labels(a_bench(tmp_path, []))

    def test_a_partial_table_and_names_every_gap(self, tmp_path: Path) -> None:
        """A label whose file is missing would silently raise the accuracy."""
        labels = [a_label("a"), a_label("b"), a_label("b"), a_label("c", cause="it-broke")]

        with pytest.raises(InputError) as raised:
            read_labels(a_bench(tmp_path, labels, a=[], c=[], d=[]))

        faults = str(raised.value).splitlines()
        assert [fault.replace(str(tmp_path), "") for fault in faults] == [
            "the label 'b' is given 2 times",
            "the label 'b' has no file /files/b.json",
            "the file /files/d.json has no label",
            "the label 'c' names the unknown cause 'it-broke'",
        ]

    @pytest.mark.parametrize("labels", ["{}", "[{}]", "nonsense", '[{"id": "a", "cause": "x", "answerable": "perhaps"}]'])
    def test_labels_that_are_not_valid(self, tmp_path: Path, labels: str) -> None:
        (tmp_path / "labels.json").write_text(labels, "utf-8")

        with pytest.raises(InputError, match=r"labels\.json: "):
            read_labels(tmp_path)

    def test_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        folder = a_bench(tmp_path, [a_label("a"), a_label("b")], a=timed_out(1), b=[])
        (folder / "files" / "b.json").write_text('{"version": 1}', "utf-8")

        with pytest.raises(InputError, match=r"b\.json: target: "):
            run(folder, SET)


class TestReport:
    def figures(self, tmp_path: Path) -> dict[str, Any]:
        """Return the figures of one right, one wrong, one silent row, and two controls of which one is disturbed."""
        slow = "Read timed out on api.example.com"
        labels = [
            a_label("right"),
            a_label("wrong", cause="slow-downstream", status=504, harmful_or_useless=["raise-timeout"], helpful=[]),
            a_label("silent", answerable="partly", cause="dns-failure"),
            a_label("well", answerable="control", cause="no-fault", status=None),
            a_label("disturbed", answerable="control", cause="no-fault", status=None),
        ]
        healthy = [line for number in range(5) for line in invocation(request_id(number))]
        folder = a_bench(tmp_path, labels, right=timed_out(1), wrong=timed_out(2), silent=["nothing"], well=healthy, disturbed=[slow])
        return report(run(folder, SET))

    def test_counts_what_is_right_wrong_and_silent(self, tmp_path: Path) -> None:
        figures = self.figures(tmp_path)

        assert figures["incidents"] == 5
        assert {kind: group["first"]["right"] for kind, group in figures["groups"].items()} == {"yes": 1, "partly": 0, "control": 1}
        assert figures["groups"]["partly"]["abstained"] == 1
        assert figures["groups"]["control"]["no_fault"] == 1
        assert (figures["precision_when_answering"]["right"], figures["precision_when_answering"]["of"]) == (1, 3)
        assert figures["false_diagnoses_on_controls"] == ["disturbed"]
        assert [miss["id"] for miss in figures["misses"]] == ["disturbed", "silent", "wrong"]

    def test_shows_for_each_status_what_came_instead_of_what(self, tmp_path: Path) -> None:
        assert self.figures(tmp_path)["confusion"] == {
            "502": {"dns-failure": {"(no answer)": 1}, "function-timeout": {"function-timeout": 1}},
            "504": {"slow-downstream": {"function-timeout": 1}},
            "none": {"(no fault)": {"(no fault)": 1, "slow-downstream": 1}},
        }

    def test_is_the_same_bytes_on_every_run(self, tmp_path: Path) -> None:
        first, second = self.figures(tmp_path / "a"), self.figures(tmp_path / "b")

        assert to_json(first) == to_json(second)
        assert markdown(first) == markdown(second)

    def test_the_page_holds_every_part(self, tmp_path: Path) -> None:
        page = markdown(self.figures(tmp_path), "Open cases")

        assert page.startswith("# Open cases\n")
        for part in ("## Accuracy", "## When it answers", "## Calibration", "## Confusion", "### Status 504", "## Misses", "| disturbed "):
            assert part in page


class TestFigures:
    @pytest.mark.parametrize(("right", "total", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)])
    def test_the_interval_is_wilsons(self, right: int, total: int, low: float, high: float) -> None:
        """Compared with the values in Newcombe, Statistics in Medicine 17 (1998), 857-872, and the closed form at the ends."""
        found = interval(right, total)

        assert found == pytest.approx((low, high), abs=5e-4)

    def test_answers_at_nine_in_ten_that_are_right_as_often_are_calibrated(self) -> None:
        rows = [a_row(number != 0, 0.9) for number in range(10)]

        assert calibration(rows)["expected_error"] == 0.0

    def test_sure_and_wrong_is_far_off(self) -> None:
        figures = calibration([a_row(False, 0.95), a_row(True, 0.55)])

        assert figures["expected_error"] == pytest.approx((0.95 + 0.45) / 2)
        assert [(one["from"], one["of"], one["share"]) for one in figures["bins"]] == [(0.5, 1, 1.0), (0.9, 1, 0.0)]

    def test_no_answers_have_no_error(self) -> None:
        assert calibration([])["expected_error"] is None

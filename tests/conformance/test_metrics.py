"""Every metric passes the shipped suite."""

from pathlib import Path

import pytest

from openbook.core.protocols import Metric
from openbook.score import CHECKS, METRICS
from openbook.score.style import Length, Weighted, Wordings
from openbook.testing.metric import MetricConformance


class TestBuiltInMetrics(MetricConformance):
    @pytest.fixture(params=METRICS.names())
    def metric(self, request: pytest.FixtureRequest) -> Metric:
        # Only the label set of a project makes columns for a macro-average.
        given = {"labels": ["refund", "other"]} if request.param == "macro_f1" else {}
        found: Metric = METRICS.load(request.param)(**given)
        assert found.name == request.param
        return found


class TestPatternCheck(MetricConformance):
    @pytest.fixture
    def metric(self) -> Metric:
        made: Metric = CHECKS.load("pattern")(name="cites", pattern=r".*\[.+\].*")
        return made


class TestStyle(MetricConformance):
    @pytest.fixture
    def metric(self) -> Metric:
        checks = [
            Weighted(check=Length(2, 9), weight=2),
            Weighted(check=Wordings(["days"], forbidden=False), weight=0.7),
        ]
        made: Metric = CHECKS.load("style")(name="voice", checks=checks)
        return made


class TestSchemaCheck(MetricConformance):
    @pytest.fixture
    def metric(self) -> Metric:
        made: Metric = CHECKS.load("schema")(name="labelled", schema={"type": "object", "required": ["label"]})
        return made


class TestCallCheck(MetricConformance):
    @pytest.fixture
    def metric(self, tmp_path: Path) -> Metric:
        (tmp_path / "voice.py").write_text(
            "def short(example, text):\n    if not text:\n        raise ValueError('empty')\n    return min(1, 9 / len(text))\n"
        )
        made: Metric = CHECKS.load("call")(name="short", call="voice:short", root=tmp_path)
        return made

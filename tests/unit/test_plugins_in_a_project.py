"""Back ends of another package, found by real entry points, at work in a project."""

import json
from pathlib import Path

import pytest

from openbook.cli.main import run
from openbook.core.errors import ConfigError, UsageError
from openbook.generate import GENERATORS, split_name
from openbook.project import Project
from small_project import edit, write

MODULE = '''
from openbook.core.types import Answer, Delta, Score


class Echo:
    """A generator that repeats what it was asked, with a word of its own."""

    def __init__(self, name, *, root, timeout, loud=False):
        self.name = f"echo:{name}"
        self.fingerprint = f"echo-{name}-{timeout}-{loud}-{root.name}"
        self._word = name

    def stream(self, requests, cancel=None):
        for index, request in enumerate(requests):
            text = f"{self._word}: {request.query}"
            yield index, Delta(text=text)
            yield index, Answer(text=text, prompt=request.hash, seconds={"first_token": 0.0, "generate": 0.0})


class Greedy:
    """A generator that wants what no project has."""

    def __init__(self, name, *, gpu_cluster):
        self.name = name


class Brevity:
    name, signature, higher_is_better, binary = "brevity", "brevity|v:1", True, False

    def score(self, examples, answers):
        return [Score(values=(1.0 / (1 + len(answer.text)),)) for answer in answers]

    def reduce(self, matrix):
        return sum(row[0] for row in matrix) / len(matrix)


class Starts:
    """A check with an option."""

    higher_is_better, binary = True, True

    def __init__(self, *, name, word):
        self.name, self.signature, self._word = name, f"starts|{word}", word

    def score(self, examples, answers):
        return [Score(values=(float(answer.text.startswith(self._word)),)) for answer in answers]

    def reduce(self, matrix):
        return sum(row[0] for row in matrix) / len(matrix)
'''

POINTS = """
[openbook.generator]
echo = parrots_of_a_test:Echo
greedy = parrots_of_a_test:Greedy

[openbook.metric]
brevity = parrots_of_a_test:Brevity

[openbook.check]
starts = parrots_of_a_test:Starts
"""

SETTINGS = """
[compare]
arms = ["base", "tuned"]
metric = "{metric}"

[[compare.kpis]]
name = "polite"
plugin = "starts"
options = {{ word = "Polly" }}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with entry points, as pip would have left it."""
    site = tmp_path / "site"
    info = site / "parrots_of_a_test-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "parrots_of_a_test.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parrots-of-a-test\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(site))


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("metric", ["brevity", "polite"])
def test_a_generator_a_metric_and_a_check_of_another_package_make_a_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], metric: str
) -> None:
    project = write(tmp_path / "shops", model="echo:Polly", more=SETTINGS.format(metric=metric))
    assert run(["compare", "-C", str(project), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["metric"] == metric
    assert report["arms"]["base"]["scores"]["polite"]["all"]["mean"] == 1
    assert report["arms"]["base"]["settings"]["generator"] == "echo-Polly-60.0-False-shops"
    assert report["arms"]["tuned"]["not_applicable"] == "echo:Polly cannot be tuned here"


@pytest.mark.usefixtures("package")
def test_names_of_other_packages_are_known_and_unknown_ones_get_a_suggestion() -> None:
    assert GENERATORS.has("echo")
    assert split_name("echo:Polly") == ("echo", "Polly")
    with pytest.raises(UsageError, match=r"no model named 'ecco:x'\. Did you mean 'echo'"):
        split_name("ecco:x")


@pytest.mark.usefixtures("package")
def test_a_generator_that_wants_what_no_project_has_says_what_it_is_offered(tmp_path: Path) -> None:
    project = Project.open(write(tmp_path / "shops", model="greedy:x"))
    with pytest.raises(UsageError, match="asks for gpu_cluster, and is offered name, root"):
        project.arm("base")


@pytest.mark.usefixtures("package")
def test_options_that_a_check_does_not_take_are_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write(tmp_path / "shops", model="echo:Polly", more=SETTINGS.format(metric="polite"))
    edit(project, "word =", "words =")
    assert run(["compare", "-C", str(project)]) == ConfigError.exit_code
    assert "KPI 'polite': the check 'starts' takes no such options" in capsys.readouterr().err


def test_a_check_that_is_not_installed_is_named_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write(tmp_path / "shops", more=SETTINGS.format(metric="polite"))
    assert run(["compare", "-C", str(project)]) == 2
    assert "no check named 'starts'" in capsys.readouterr().err

"""`openbook compare` as a gate, and two reports compared, through the command line."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from openbook.cli.main import run
from small_project import MANY_SHOPS, write

MET, BROKEN, OPEN = "rag.facts > base.facts + 0.1", "base.facts >= rag.facts - 0.05", "rag.seconds.p95 <= 60"
MORE = '\n[compare]\narms = ["base", "rag"]\n'


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose questions are answered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        root = write(tmp_path_factory.mktemp("gate") / "shops", shops=MANY_SHOPS, more=MORE)
        assert run(["compare", "-C", str(root)]) == 0
    return root


def called(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def folder(root: Path) -> Path:
    latest = json.loads((root / ".openbook/latest.json").read_text())["report"]
    return root / ".openbook/reports" / latest


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--require", MET], 0),
        (["--require", BROKEN], 3),
        (["--require", MET, "--require", OPEN], 3),
        (["--require", MET, "--require", OPEN, "--require-undecided", "warn"], 0),
        (["--require", BROKEN, "--require-undecided", "warn"], 3),
        (["--require", "rga.facts >= 1"], 2),
        (["--require", "rag.facts"], 2),
        (["--junit", "gate.xml"], 2),
    ],
)
def test_the_exit_code_says_whether_the_gate_is_met(
    finished: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int
) -> None:
    found, _, said = called(capsys, "compare", "-C", finished, *options)
    assert found == code, said
    assert ("The gate is not met" in said) == (code == 3)
    assert ("Warning" in said) == (code == 0 and "warn" in options)


def test_a_wrong_requirement_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path / "shops", more=MORE)
    code, _, said = called(capsys, "compare", "-C", root, "--require", "rag.fact >= 1")
    assert code == 2
    assert "Did you mean 'facts'?" in said
    assert not (root / ".openbook/runs").exists()


def test_gates_stand_in_the_object_the_pages_and_the_junit_file(
    finished: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "new" / "gate.xml"
    words = ["compare", "-C", finished, "--require", MET, "--require", BROKEN, "--junit", file]
    code, out, _ = called(capsys, *words, "--json")
    assert code == 3
    gates = json.loads(out)["gates"]
    assert [(gate["require"], gate["outcome"]) for gate in gates] == [(MET, "met"), (BROKEN, "broken")]
    schema = json.loads((Path(__file__).parents[2] / "src/openbook/compare/report.schema.json").read_text())
    jsonschema.validate(json.loads(out), schema)
    names = [case.attrib["name"] for case in ElementTree.parse(file).iter("testcase")]
    assert names == [MET, BROKEN]
    _, out, _ = called(capsys, *words)
    assert f"met: {MET}. The difference is" in out
    markdown, page = ((folder(finished) / name).read_text(encoding="utf-8") for name in ("report.md", "report.html"))
    assert "## Gate" in markdown
    assert f"--require '{BROKEN}'" in markdown
    assert 'id="gate"' in page
    assert "base.facts &gt;= rag.facts - 0.05" in page


def test_gates_leave_the_report_as_the_runs_make_it(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "compare", "-C", finished)[0] == 0
    before = {path.name: path.read_bytes() for path in folder(finished).iterdir()}
    assert set(before) == {"memo.md", "report.json", "report.html", "report.md"}

    called(capsys, "compare", "-C", finished, "--require", BROKEN)

    gated = {path.name: path.read_bytes() for path in folder(finished).iterdir()}
    assert gated["report.json"] == before["report.json"]
    assert gated["report.md"] != before["report.md"]
    _, out, _ = called(capsys, "report", "-C", finished, "--json")
    assert [gate["outcome"] for gate in json.loads(out)["gates"]] == ["broken"]
    assert "## Gate" in called(capsys, "report", "-C", finished, "--markdown")[1]
    called(capsys, "compare", "-C", finished, "--require", BROKEN)
    assert {path.name: path.read_bytes() for path in folder(finished).iterdir()} == gated
    called(capsys, "compare", "-C", finished)
    assert {path.name: path.read_bytes() for path in folder(finished).iterdir()} == before


def test_pages_that_a_kill_left_between_two_gates_are_written_again(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    called(capsys, "compare", "-C", finished, "--require", BROKEN)
    (folder(finished) / "gates.json").write_text("null\n")
    called(capsys, "compare", "-C", finished)
    assert "## Gate" not in (folder(finished) / "report.md").read_text(encoding="utf-8")


def test_the_settings_may_hold_requirements_and_these_make_no_other_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path / "shops", shops=MANY_SHOPS, more=MORE)
    assert called(capsys, "compare", "-C", root)[0] == 0
    name = folder(root).name
    file = root / "openbook.toml"
    file.write_text(f"{file.read_text()}require = [{json.dumps(BROKEN)}]\n")
    code, out, _ = called(capsys, "compare", "-C", root, "--json")
    assert (code, folder(root).name) == (3, name)
    assert [gate["require"] for gate in json.loads(out)["gates"]] == [BROKEN]
    assert "--require" not in (folder(root) / "report.md").read_text(encoding="utf-8")


def test_too_many_failures_come_before_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = [{"when": "cost", "fail": "deterministic"}, {"default": "No."}]
    root = write(tmp_path / "shops", script=script, more=MORE)
    junit = tmp_path / "gate.xml"
    assert called(capsys, "compare", "-C", root, "--require", "rag.failures <= 0.01", "--junit", junit)[0] == 1
    assert junit.exists()


@pytest.fixture(scope="module")
def changed(finished: Path) -> Path:
    """The same project compared a second time, with a `rag` that cannot quote any more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        (finished / "script.jsonl").write_text(
            '{"when": "Passages:", "say": "Ask us."}\n{"default": "Let me think."}\n'
        )
        file = finished / "openbook.toml"
        file.write_text(file.read_text().replace("[store]", "[retrieve]\npassages = 1\n\n[store]"))
        assert run(["compare", "-C", str(finished)]) == 0
    return finished


def differing(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    code, out, said = called(capsys, "report", "diff", *words, "--json")
    assert code == 0, said
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_diff_of_two_comparisons_says_what_was_set_and_what_became_worse(
    changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = differing(capsys, "-C", changed)
    settings = {(row["arm"], row["key"]): (row["before"], row["after"]) for row in found["settings"]}
    assert settings["rag", "retrieval.passages"] == ("2", "1")
    assert found["questions"]["same"] == found["questions"]["after"] > 30
    cells = {(row["arm"], row["metric"], row["stratum"]): row for row in found["changes"]}
    rag = cells["rag", "facts", "all"]
    assert (rag["verdict"], rag["before"]["mean"], rag["after"]["mean"]) == ("worse", 1.0, 0.0)
    assert rag["high"] < 0
    assert cells["base", "facts", "all"]["verdict"] in ("undecided", "equivalent")
    assert cells["rag", "bleu", "all"]["verdict"] == "not comparable"
    assert found["recommendation"]["changed"]
    assert found["recommendation"]["before"]["arm"] == "rag"
    assert ("rag", "base", "better", "undecided") in [(p["a"], p["b"], p["before"], p["after"]) for p in found["pairs"]]


def test_a_diff_reads_well_on_a_terminal(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "report", "-C", changed, "diff", "previous", "latest")
    assert code == 0
    assert "rag: retrieval.passages  2 → 1" in out
    assert re.search(r"rag +facts +1\.00 \[.+\] +\.00 \[.+\] +−1\.00 \[.+\] +worse", out)
    assert "On facts, worse: rag" in out
    assert "Recommended before: Use rag" in out


def test_a_report_against_itself_has_not_changed(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = differing(capsys, "-C", changed, "latest", "latest")
    assert {row["verdict"] for row in found["changes"]} <= {"same run", "not comparable"}
    assert not found["settings"]
    assert not found["pairs"]
    assert not found["figures"]
    assert not found["recommendation"]["changed"]


def test_reports_are_found_by_path_folder_and_name(
    changed: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = differing(capsys, "-C", changed)
    old = Path(expected["before"])
    monkeypatch.chdir(tmp_path)
    for before, after in ((old, changed), (old.parent, folder(changed)), (old.with_name("report.html"), changed)):
        assert differing(capsys, before, after)["changes"] == expected["changes"]
    monkeypatch.chdir(changed)
    assert differing(capsys, old.parent.name[:6], "latest") == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing", "latest"], "no report named 'nothing'"),
        (["zz", "latest"], "2 reports are called 'zz'…; write more of the name"),
        (["openbook.toml", "latest"], "not a report that can be read"),
        (["script.jsonl", "latest"], "report.json"),
        (["zza", "latest"], "no report of Openbook's"),
    ],
)
def test_what_is_no_report_is_refused(
    changed: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(changed)
    # Letters that no fingerprint has.
    for name in ("zza", "zzb"):
        (changed / ".openbook/reports" / name).mkdir(exist_ok=True)
        (changed / ".openbook/reports" / name / "report.json").write_text("{}")
    code, _, said = called(capsys, "report", "diff", *words)
    assert code == 2
    assert sentence in said


def test_without_a_project_only_paths_are_reports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, said = called(capsys, "report", "diff")
    assert code == 2
    assert "Name the project with -C DIR" in said
    root = write(tmp_path / "shops", more=MORE)
    code, _, said = called(capsys, "report", "diff", "-C", root)
    assert code == 2
    assert "no previous report yet" in said

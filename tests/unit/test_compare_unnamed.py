"""Where no example names its documents, the arms that go by them say so."""

import json
from pathlib import Path

from openbook.compare.comparison import compare
from openbook.compare.outcome import conclude
from openbook.project import Project
from small_project import open_project

ARMS = "[compare]\narms = ['rag', 'hybrid', 'rag-oracle']"


def findings(project: Project) -> list[str]:
    found: list[str] = conclude(project, compare(project)).report["findings"]
    return [said for said in found if "`documents`" in said]


def test_hybrid_and_the_oracle_say_that_they_had_nothing_to_go_by(tmp_path: Path) -> None:
    project = open_project(tmp_path, more=ARMS)
    file = project.root / "examples.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    file.write_text("".join(json.dumps({**row, "documents": []}) + "\n" for row in rows), encoding="utf-8")
    hybrid, oracle = findings(Project.open(project.root))
    assert hybrid.startswith("hybrid: no training example names")
    assert oracle.startswith("rag-oracle: no test question names")


def test_named_documents_are_nothing_to_speak_of(tmp_path: Path) -> None:
    assert findings(open_project(tmp_path, more=ARMS)) == []

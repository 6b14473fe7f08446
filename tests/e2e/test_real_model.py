"""The demo's path with the real parts: MiniLM, LanceDB, SmolLM2 tuned and answering, and no network at all."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from openbook import models
from openbook.cli.main import run
from openbook.core.errors import OpenbookError

pytestmark = pytest.mark.model

HEAVY = ("torch", "transformers", "peft", "lancedb", "pyarrow")
SIZES = """
[probes]
freshness_questions = 2
latency = 1
gap = 0
forgetting_texts = 4
forgetting_instructions = 2
domain_texts = 2
"""


def alone() -> list[str]:
    """The prefix of a command that sees an empty network namespace; empty where that is not allowed."""
    unshare = shutil.which("unshare")
    prefix = [unshare, "--map-root-user", "--net"] if unshare else []
    allowed = bool(prefix) and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if allowed else []


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The starter project at its smallest size: three questions, eight rows, one pass."""
    try:
        models.locate("smollm2")
    except OpenbookError as error:
        pytest.skip(str(error))
    folder = tmp_path / "shop"
    assert run(["init", str(folder)]) == 0
    file = folder / "openbook.toml"
    text = re.sub(r'(?m)^name = "smollm2-reader".*$', 'name = "smollm2"', file.read_text(encoding="utf-8"))
    text = re.sub(r"(?m)^max_tokens = .*$", "max_tokens = 12", text)
    text = re.sub(r"(?m)^epochs = .*$", "epochs = 1\nrows = 8", text)
    text = text.replace(
        'arms = ["base", "prompted", "rag", "tuned", "hybrid"]', 'arms = ["rag", "hybrid"]\nquestions = 3'
    )
    file.write_text(text + SIZES, encoding="utf-8")
    return folder


def openbook(*arguments: str, prefix: list[str]) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, "-c", "from openbook.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=800)


def test_smollm2_is_tuned_and_answers_without_any_network(shop: Path) -> None:
    base = models.locate("smollm2")
    before = models.weights_hash(base.folder)

    done = openbook("compare", "-C", str(shop), "--json", prefix=alone())

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert {name: arm["asked"] for name, arm in result["arms"].items()} == {"rag": 3, "hybrid": 3}
    assert all(arm["failures"]["count"] == 0 for arm in result["arms"].values())
    assert all(arm["tokens"]["output"] > 0 for arm in result["arms"].values())
    assert result["arms"]["hybrid"]["adapter"]["rows"] == 8
    (folder,) = (shop / ".openbook" / "adapters").iterdir()
    assert (folder / "adapter_model.safetensors").stat().st_size > 1_000_000
    assert models.weights_hash(base.folder) == before

    again = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; from openbook.cli.main import run; code = run(['compare', '-C', {str(shop)!r}, '--json']);"
            f" print([name for name in {HEAVY} if name in sys.modules], code, file=sys.stderr)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert again.stderr.strip().splitlines()[-1] == "[] 0", again.stderr
    assert json.loads(again.stdout) == result

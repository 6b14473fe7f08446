"""A ten-document project that runs in seconds: the starter's pages, a script for a model, a trainer that memorises."""

import re
from pathlib import Path

from openbook.cli.main import run

SCRIPT = """\
{"when": "Passages:", "say": "{passage} [{label}] Mend well!"}
{"default": "Let me think about that."}
"""


def start(folder: Path) -> Path:
    """`openbook init`, with the fakes that ship in place of models. Returns the project's folder."""
    assert run(["init", str(folder)]) == 0
    file = folder / "openbook.toml"
    text = file.read_text(encoding="utf-8")
    text = re.sub(r'(?m)^name = "smollm2-reader".*$', 'name = "scripted:script.jsonl"', text)
    text = text.replace("[tune]", '[tune]\ntrainer = "memorise"')
    text += '\n[embedder]\nname = "hashing"\n\n[store]\nname = "memory"\n\n[probes]\nlatency = 1\ngap = 6\n'
    file.write_text(text, encoding="utf-8")
    (folder / "script.jsonl").write_text(SCRIPT, encoding="utf-8")
    return folder

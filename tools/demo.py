"""`make demo`: set up, fetch the embedded model, and run the main job on a copy of the example project.

The copy in `build/policy-bot` keeps its state: an interrupted demo goes on where it stopped, and a finished one can be
tried further (`cd build/policy-bot && openbook compare`). Standard library only, since it makes the environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

import setup
from steps import OPENBOOK, ROOT, Ledger, Stop, refresh, relative, say

MODEL = "smollm2-reader"
EXAMPLE = ROOT / "examples" / "policy-bot"
COPY = ROOT / "build" / "policy-bot"


def main() -> int:
    ledger = Ledger()
    try:
        began = time.monotonic()
        code = setup.main([])
        ledger.add("setup", began)
        if code != 0:
            return code
        if not has_model():
            ledger.run("model", "models", "get", MODEL)
        refresh(EXAMPLE, COPY)
        ledger.run("compare", "compare", "-C", relative(COPY))
    except Stop as stop:
        return stop.code
    except KeyboardInterrupt:
        say("Interrupted; nothing that was recorded is lost. Run make demo again to go on.")
        return 130
    print(f"\n{ledger}")
    print(f"\nTry it: cd {relative(COPY)} && ../../.venv/bin/openbook ask 'Can I bring my dog into the shop?'")
    return 0


def has_model() -> bool:
    """Whether the embedded model is on this machine, as `openbook models list` says."""
    told = subprocess.run([str(OPENBOOK), "models", "list", "--json"], capture_output=True, text=True, check=True)
    return any(model["name"] == MODEL and model["present"] for model in json.loads(told.stdout)["models"])


if __name__ == "__main__":
    sys.exit(main())

"""kill -9 at random moments of a training, half-written checkpoints included: the adapter is the same, bit for bit."""

import json
import os
import subprocess
import sys
from pathlib import Path


def test_a_training_killed_five_times_ends_in_the_very_same_adapter(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "killed_trainer.py"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
        "OPENBOOK_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    for name in ("llama", "t5"):
        assert report[name]["kills"] >= 3, report
        assert report[name]["same"], name

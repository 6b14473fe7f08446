"""Environment variables that must be set before a numerical library loads. Whatever the user has set stays as it is.

Knows nothing of which library will be loaded.
"""

import math
import os
from collections.abc import MutableMapping
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup/cpu.max")

FIXED = {
    # Idle threads that spin take the cores from those that work: 10 to 15 times slower on shared cores.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Its threads and forked data workers deadlock; batches are small enough without.
    "TOKENIZERS_PARALLELISM": "false",
    # Nothing leaves the machine, and progress is ours to draw.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def prepare(environment: MutableMapping[str, str], *, cgroup: Path = CGROUP) -> None:
    """Fill in what is missing."""
    for name, value in FIXED.items():
        environment.setdefault(name, value)
    cores = granted_cores(cgroup)
    if cores is not None and cores < (os.cpu_count() or 1):
        # A container may be granted two cores' time on a machine of sixty-four; libraries start sixty-four threads.
        environment.setdefault("OMP_NUM_THREADS", str(cores))


def granted_cores(cgroup: Path = CGROUP) -> int | None:
    """Whole cores of time that this container is granted; None where nothing limits it."""
    try:
        quota, period = cgroup.read_text().split()[:2]
        return max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return None

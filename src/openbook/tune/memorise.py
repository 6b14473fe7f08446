"""A trainer without a model: it learns its rows by heart and nothing else, at once.

Real in all that surrounds a training (manifest, fingerprint, progress, resuming), so that whatever is built on
trainers can be tested in milliseconds. The `scripted` generator answers from what it remembers.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from openbook.core.errors import UsageError
from openbook.core.protocols import Progress, silent
from openbook.core.types import Adapter, Row, Tuning
from openbook.models import LocalModel
from openbook.tune import presets
from openbook.tune.adapters import begin, load_adapter, write_manifest
from openbook.workspace import write_json

MEMORY = "memory.json"


class MemoriseTrainer:
    """Writes `memory.json`, a list of question and completion.

    Args:
        model: Named in the manifest; may be None.
        device: Has no meaning here.
    """

    def __init__(self, model: LocalModel | None, *, device: str = "auto") -> None:
        self._model = model

    def train(
        self,
        rows: Sequence[Row],
        dev: Sequence[Row],
        tuning: Tuning,
        *,
        folder: Path,
        fingerprint: str,
        progress: Progress = silent,
    ) -> Adapter:
        """See `openbook.core.protocols.Trainer`; one step a row and pass.

        The loss of a row is 0 where it is remembered and 1 where it is not.

        Raises:
            UsageError: No rows.
            DiskFull: No room.
        """
        finished = load_adapter(folder)
        if finished is not None and finished.fingerprint == fingerprint:
            progress(finished.steps, finished.steps, "tune")
            return finished
        if not rows:
            raise UsageError("There are no rows to train on: every training example was filtered out or held back.")
        begin(folder)
        begun = time.monotonic()
        parameters = 0 if self._model is None else self._model.parameters
        tuning = presets.resolve(tuning, parameters=parameters, rows=len(rows))
        for step in range(len(rows) + 1):
            progress(step, len(rows), "tune")
        memory = [{"question": question_of(row), "completion": row.completion} for row in rows]
        write_json(folder / MEMORY, memory)
        adapter = Adapter(
            folder=str(folder),
            fingerprint=fingerprint,
            base="" if self._model is None else self._model.weights,
            rows=len(rows),
            tokens=sum(len(row.completion.split()) for row in rows),
            steps=len(rows),
            seconds=round(time.monotonic() - begun, 3),
            losses=((1, 1.0), (len(rows), 0.0)) if len(rows) > 1 else ((1, 0.0),),
            dev_loss=_loss(dev, memory),
        )
        write_manifest(folder, adapter, trainer="memorise", model=self._model, tuning=tuning, extra={"dtype": "none"})
        return adapter


def question_of(row: Row) -> str:
    """The user's own words: what follows the last `Question:` of the last message, or all of it."""
    return row.messages[-1].content.rpartition("Question:")[2].strip()


def _loss(dev: Sequence[Row], memory: Sequence[dict[str, str]]) -> float | None:
    if not dev:
        return None
    known = {(entry["question"], entry["completion"]) for entry in memory}
    return sum((question_of(row), row.completion) not in known for row in dev) / len(dev)

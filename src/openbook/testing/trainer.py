"""What every trainer must do. Subclass, give the trainer, and pytest runs the rest:

class TestMine(TrainerConformance):
    def make(self) -> Trainer:
        return Mine(model, device="cpu")
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from openbook.core.errors import UsageError
from openbook.core.protocols import Trainer
from openbook.core.types import Adapter, Message, Row, Tuning
from openbook.tune.adapters import MANIFEST, load_adapter

ROWS = [
    Row(
        messages=(
            Message(role="system", content="Answer briefly."),
            Message(role="user", content=f"Question: what follows {number}?"),
        ),
        completion=f"{number + 1}, of course",
        example=f"e{number}",
    )
    for number in range(10)
]
DEV = [Row(messages=(Message(role="user", content="Question: what follows 30?"),), completion="31, of course")]

FIELDS = {
    "schema": int,
    "trainer": str,
    "fingerprint": str,
    "base": str,
    "base_name": str,
    "tokenizer": str,
    "method": str,
    "tuning": dict,
    "rows": int,
    "tokens": int,
    "steps": int,
    "seconds": float,
    "losses": list,
    "packages": dict,
}


class Interrupted(BaseException):
    """Stands for Ctrl-C and kill: nothing may catch it."""


class TrainerConformance:
    """The suite; a fresh trainer for every training."""

    tuning: ClassVar[Tuning] = Tuning(epochs=2.0, batch=4, rank=4)

    base_hash: ClassVar[str] = ""
    """Hash of the base weights that adapters must name; empty for trainers without a base."""

    seeded: ClassVar[bool] = True
    """Whether another seed makes another adapter."""

    def make(self) -> Trainer:
        """The trainer under test."""
        raise NotImplementedError("say how to make the trainer under test")

    def train(self, folder: Path, **changes: Any) -> Adapter:
        options = {"folder": folder, "fingerprint": "f" * 16, **changes}
        rows, dev = options.pop("rows", ROWS), options.pop("dev", DEV)
        return self.make().train(rows, dev, options.pop("tuning", self.tuning), **options)

    def test_it_fulfils_the_protocol(self) -> None:
        assert isinstance(self.make(), Trainer)

    def test_the_manifest_says_what_was_made_and_from_what(self, tmp_path: Path) -> None:
        adapter = self.train(tmp_path)
        manifest = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
        for name, kind in FIELDS.items():
            assert isinstance(manifest[name], kind), name
        assert manifest["fingerprint"] == "f" * 16
        assert manifest["base"] == self.base_hash
        assert manifest["rows"] == len(ROWS)
        assert manifest["steps"] == adapter.steps > 0
        assert manifest["tokens"] > 0
        assert manifest["tuning"]["rate"] > 0, "left-open hyperparameters are filled in"
        assert manifest["tuning"]["alpha"] > 0

    def test_what_was_returned_can_be_loaded_again(self, tmp_path: Path) -> None:
        assert load_adapter(tmp_path) is None
        adapter = self.train(tmp_path)
        assert load_adapter(tmp_path) == adapter
        assert adapter.folder == str(tmp_path)

    def test_losses_are_finite_and_in_the_order_of_steps(self, tmp_path: Path) -> None:
        adapter = self.train(tmp_path)
        steps = [step for step, _ in adapter.losses]
        assert steps == sorted(set(steps))
        assert steps[-1] == adapter.steps
        assert all(math.isfinite(loss) for _, loss in adapter.losses)

    def test_the_dev_loss_is_a_number_with_dev_rows_and_none_without(self, tmp_path: Path) -> None:
        measured = self.train(tmp_path / "with").dev_loss
        assert measured is not None
        assert math.isfinite(measured)
        assert self.train(tmp_path / "without", dev=[]).dev_loss is None

    def test_a_finished_adapter_is_not_trained_again(self, tmp_path: Path) -> None:
        first = self.train(tmp_path)
        before = times(tmp_path)
        calls: list[tuple[int, int]] = []
        again = self.train(tmp_path, progress=lambda done, total, what: calls.append((done, total)))
        assert again == first
        assert times(tmp_path) == before
        assert calls[-1] == (first.steps, first.steps)

    def test_another_fingerprint_is_another_training(self, tmp_path: Path) -> None:
        self.train(tmp_path)
        other = self.train(tmp_path, rows=ROWS[:4], fingerprint="0" * 16)
        assert (other.fingerprint, other.rows) == ("0" * 16, 4)
        assert load_adapter(tmp_path) == other

    def test_training_on_nothing_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"no rows"):
            self.train(tmp_path, rows=[])
        assert load_adapter(tmp_path) is None

    def test_the_same_rows_and_seed_make_the_same_adapter(self, tmp_path: Path) -> None:
        self.train(tmp_path / "one")
        self.train(tmp_path / "two")
        assert contents(tmp_path / "one") == contents(tmp_path / "two")

    def test_another_seed_makes_another_adapter(self, tmp_path: Path) -> None:
        if not self.seeded:
            pytest.skip("never: this trainer draws nothing")
        one, other = self.train(tmp_path / "one"), self.train(tmp_path / "two", tuning=seeded(self.tuning, 1))
        assert one.steps == other.steps
        assert weights(tmp_path / "one") != weights(tmp_path / "two")

    def test_progress_rises_to_the_total(self, tmp_path: Path) -> None:
        calls: list[tuple[int, int]] = []
        adapter = self.train(tmp_path, progress=lambda done, total, what: calls.append((done, total)))
        assert [done for done, _ in calls] == sorted(done for done, _ in calls)
        assert {total for _, total in calls} == {calls[-1][0]} == {adapter.steps}

    def test_until_it_is_finished_a_folder_holds_no_adapter(self, tmp_path: Path) -> None:
        interrupt(self, tmp_path, after=1)
        assert load_adapter(tmp_path) is None

    def test_an_adapter_that_is_being_replaced_is_no_longer_there(self, tmp_path: Path) -> None:
        self.train(tmp_path)
        with pytest.raises(Interrupted):
            self.train(tmp_path, fingerprint="0" * 16, progress=breaking_off(1))
        assert load_adapter(tmp_path) is None

    @pytest.mark.parametrize("after", [1, 3])
    def test_an_interrupted_training_ends_in_the_same_adapter(self, tmp_path: Path, after: int) -> None:
        whole = self.train(tmp_path / "whole")
        interrupt(self, tmp_path / "broken", after=after)
        broken = self.train(tmp_path / "broken")
        assert contents(tmp_path / "broken") == contents(tmp_path / "whole")
        assert broken.losses == whole.losses

    def test_nothing_but_the_adapter_is_left_behind(self, tmp_path: Path) -> None:
        self.train(tmp_path / "whole")
        interrupt(self, tmp_path / "broken", after=2)
        self.train(tmp_path / "broken")
        left = [path for path in (tmp_path / "broken").rglob("*") if path.name.startswith(".") or path.is_dir()]
        assert left == []


def seeded(tuning: Tuning, seed: int) -> Tuning:
    return Tuning(**{name: getattr(tuning, name) for name in tuning.__slots__ if name != "seed"}, seed=seed)


def interrupt(suite: TrainerConformance, folder: Path, *, after: int) -> None:
    """Begin a training and break it off when progress has been told `after` steps."""
    with pytest.raises(Interrupted):
        suite.train(folder, progress=breaking_off(after))


def breaking_off(after: int) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, what: str) -> None:
        if done >= after:
            raise Interrupted

    return progress


def contents(folder: Path) -> dict[str, Any]:
    """Everything that a training wrote, less the time it took and the memory it held."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    del manifest["seconds"]
    manifest.pop("peak_bytes", None)  # Measured, as the seconds are; a trainer need not say it.
    return {**weights(folder), MANIFEST: manifest}


def weights(folder: Path) -> dict[str, Any]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}

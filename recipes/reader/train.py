"""Train the reader: rows from SQuAD-format files, one LoRA adapter on smollm2, by Openbook's own trainer.

python recipes/reader/train.py --data new_wiki_v1.0.json [--extra xquad.en.json] --out build/reader
"""

import argparse
import sys
import time
from pathlib import Path

from make_rows import make_rows, split
from squad import read_articles

from openbook import models
from openbook.core.types import Tuning
from openbook.tune import TRAINERS, adapter_fingerprint


def main() -> None:
    options = _options()
    parts = split(read_articles(options.data), seed=0)
    extra = [article for path in options.extra for article in read_articles(path)]
    rows = make_rows((*parts.train, *extra), count=options.rows, seed=options.seed)
    dev = make_rows(parts.dev, count=options.dev_rows, seed=options.seed)
    tuning = Tuning(rank=options.rank, rate=options.rate, epochs=options.epochs, batch=options.batch, seed=options.seed)
    model = models.locate("smollm2")
    dtype = models.resolve_dtype("auto", models.resolve_device("auto"))
    fingerprint = adapter_fingerprint(model, rows, dev, tuning, trainer="peft", dtype=dtype)
    print(f"{len(rows)} rows, {len(dev)} dev rows, {dtype}", file=sys.stderr)
    trainer = TRAINERS.load("peft")(model, device="auto")
    begun = time.monotonic()
    adapter = trainer.train(rows, dev, tuning, folder=options.out, fingerprint=fingerprint, progress=_Line(begun))
    print(f"{adapter.steps} steps, {adapter.tokens} tokens, {adapter.seconds:.0f} s, dev loss {adapter.dev_loss}")


class _Line:
    """Progress on one line a quarter minute."""

    def __init__(self, begun: float) -> None:
        self._begun = self._shown = begun

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - self._shown >= 15 or done == total:
            self._shown = now
            print(f"{what} {done}/{total} after {now - self._begun:.0f} s", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="SQuAD-format file that is split by article")
    parser.add_argument("--extra", type=Path, action="append", default=[], help="further files, all for training")
    parser.add_argument("--out", type=Path, required=True, help="folder of the adapter")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--dev-rows", type=int, default=120)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.0, help="peak learning rate; 0: Openbook's default")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()

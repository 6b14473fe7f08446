"""How well a reader reads: held-out articles, two passages, before and after training; prints JSON.

python recipes/reader/evaluate.py --data new_wiki_v1.0.json --adapter build/reader [--part dev] [--untuned]
"""

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import styles
from make_rows import Case, Distractors, cases, gold_chunk, split
from squad import Article, chunks, read_articles

from openbook import models
from openbook.core.types import Answer, Failure, Hit, Request
from openbook.generate.collect import generate
from openbook.generate.local import LocalGenerator
from openbook.prompt import Shot, Template, abstained, render
from openbook.score.stats import mean_interval
from openbook.score.text import normalised, token_f1

WORDS = 110
ABSTAIN = styles.ABSTAIN[0]
CITE = styles.SENTENCE[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One question as it is asked, and what is wanted of its answer."""

    case: Case
    request: Request
    label: str
    style: styles.Style | None = None


Mark = Callable[[Trial, str], float]


def main() -> None:
    options = _options()
    parts = split(read_articles(options.data), seed=0)
    articles = parts.held_out if options.part == "held_out" else parts.dev
    model = models.locate(options.model)
    adapter = None if options.untuned else options.adapter
    generator = LocalGenerator(model, adapter=adapter, dtype=options.dtype, batch=options.batch)
    trials = make_trials(articles, questions=options.questions, seed=options.seed)
    figures: dict[str, Any] = {"part": options.part, "articles": len(articles), "model": generator.name}
    figures["adapter"] = "" if adapter is None else str(adapter)
    for name, (asked, marks) in trials.items():
        texts = [_text(answer) for answer in generate(generator, [trial.request for trial in asked])]
        groups = [trial.case.place for trial in asked]
        for what, mark in marks.items():
            values = [mark(trial, text) for trial, text in zip(asked, texts, strict=True)]
            found = mean_interval(values, groups)
            figures[f"{name}/{what}"] = [round(found.mean, 3), round(found.low, 3), round(found.high, 3), found.n]
        if options.show:
            for trial, text in list(zip(asked, texts, strict=True))[: options.show]:
                print(name, "|", trial.case.question.text, "|", trial.case.answer, "|", trial.label, "|", repr(text))
    print(json.dumps(figures, indent=1))


def make_trials(
    articles: Sequence[Article], *, questions: int, seed: int
) -> dict[str, tuple[list[Trial], dict[str, Mark]]]:
    """The four sets: short answers, no evidence, a house style shown by two examples, a sentence with its source."""
    draw = random.Random(f"trials/{seed}")
    distractors = Distractors(articles)
    pool = [case for case in _spread(cases(articles), draw) if len(distractors.near(case, count=2)) == 2]
    short = [_trial(case, distractors, draw) for case in pool[:questions]]
    none = [_trial(case, distractors, draw, evidence=False) for case in pool[:questions]]
    half = questions // 2
    styled = [_trial(case, distractors, draw, pool=pool, style=_plain_style(draw)) for case in pool[:half]]
    cited = [_trial(case, distractors, draw, instructions=CITE) for case in pool[:half]]
    return {
        "short": (short, {"exact_match": _exact, "f1": _f1, "holds_answer": _holds, "abstained": _abstained}),
        "no_evidence": (none, {"abstained": _abstained}),
        "style": (styled, {"style_kept": _styled, "label_right": _labelled, "holds_answer": _holds}),
        "cited": (cited, {"label_right": _labelled, "holds_answer": _holds}),
    }


def _spread(found: Sequence[Case], draw: random.Random) -> list[Case]:
    """Questions in an order that takes every article in turn."""
    shuffled = list(found)
    draw.shuffle(shuffled)
    turns: dict[str, int] = {}
    keyed = []
    for index, case in enumerate(shuffled):
        turn = turns.setdefault(case.article.title, 0)
        turns[case.article.title] += 1
        keyed.append((turn, index))
    return [shuffled[index] for _, index in sorted(keyed)]


def _trial(
    case: Case,
    distractors: Distractors,
    draw: random.Random,
    *,
    evidence: bool = True,
    instructions: str = styles.DEFAULT,
    pool: Sequence[Case] = (),
    style: styles.Style | None = None,
) -> Trial:
    """A question with the passage that answers it and the best wrong one, or with the two best wrong ones."""
    gold = gold_chunk(case, words=WORDS, distinct=True)
    wrong = [draw.choice(chunks(*place, words=WORDS, distinct=True)) for place in distractors.near(case, count=2)]
    passages = [gold, wrong[0]] if evidence else wrong
    draw.shuffle(passages)
    hits = tuple(Hit(chunk=chunk, score=1.0) for chunk in passages)
    shots = tuple(_shot(style, other) for other in draw.sample(pool, 2)) if style else ()
    template = Template(instructions=instructions, shots=shots)
    messages = render(template, case.question.text, hits=hits)
    request = Request(messages=messages, query=case.question.text, hits=hits, max_tokens=64)
    return Trial(case=case, request=request, label=gold.label, style=style)


def _plain_style(draw: random.Random) -> styles.Style:
    greeting, closing = draw.choice(styles.GREETINGS), draw.choice(styles.CLOSINGS)
    return styles.Style(False, lambda answer, label: f"{greeting} {answer} [{label}] {closing}")


def _shot(style: styles.Style, case: Case) -> Shot:
    return Shot(
        input=case.question.text, reference=style.write(case.answer, gold_chunk(case, words=WORDS, distinct=True).label)
    )


def _text(answer: Answer | Failure) -> str:
    if isinstance(answer, Failure):
        raise SystemExit(f"a question failed: {answer.message}")
    return answer.text.strip()


def _exact(trial: Trial, text: str) -> float:
    return float(any(normalised(text) == normalised(answer) for answer in trial.case.question.answers))


def _f1(trial: Trial, text: str) -> float:
    return max(token_f1(text, answer) for answer in trial.case.question.answers)


def _holds(trial: Trial, text: str) -> float:
    padded = f" {normalised(text)} "
    return float(any(f" {normalised(answer)} " in padded for answer in trial.case.question.answers))


def _abstained(trial: Trial, text: str) -> float:
    return float(abstained(text, sentence=ABSTAIN))


def _styled(trial: Trial, text: str) -> float:
    assert trial.style is not None
    before, after = trial.style.write("\0", "\0").split("\0")[0], trial.style.write("\0", "\0").split("\0")[-1]
    return float(text.startswith(before.strip()) and text.endswith(after.strip(" ]")) and text.count("[") == 1)


def _labelled(trial: Trial, text: str) -> float:
    return float(f"[{trial.label}]" in text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--adapter", type=Path, help="folder that train.py wrote")
    parser.add_argument("--untuned", action="store_true", help="without the adapter")
    parser.add_argument("--part", choices=["held_out", "dev"], default="held_out")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0, help="print this many answers of each set")
    return parser.parse_args()


if __name__ == "__main__":
    main()

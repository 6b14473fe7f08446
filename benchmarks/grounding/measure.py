"""Does the metric `grounding` agree with people? Cohen's kappa with their labels, on BEGIN (Dziri et al., TACL 2022).

    python benchmarks/grounding/measure.py --data begin_dev_wow.tsv [--write docs/evidence/grounding.md]

One half of the sentences of knowledge, drawn by hash, chooses the threshold; the other half is measured once with it.
Both halves are parts of BEGIN's Wizard-of-Wikipedia development file (CC BY 4.0, repository google/BEGIN-dataset).
"""

import argparse
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from openbook.score.grounding import LABELS, THRESHOLD, TRUSTED, agreement_sentence, support
from openbook.score.stats import Agreement, kappa

GRID = tuple(round(0.3 + 0.05 * step, 2) for step in range(15))
_SPACED = re.compile(r"\s+(?=[.,;:!?’'])|(?<=\w)\s+(?=n't\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply with the sentence of knowledge that it was given, and whether people found it fully attributable to it."""

    knowledge: str
    text: str
    model: str
    attributable: bool


def read_replies(path: Path) -> list[Reply]:
    """BEGIN's rows; the replies' spaces before punctuation are taken out."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Reply(
                knowledge=row["knowledge"],
                text=_SPACED.sub("", row["response"]),
                model=row["model_name"],
                attributable=row["begin_label"] == "Fully attributable",
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def halves(replies: Sequence[Reply]) -> tuple[list[Reply], list[Reply]]:
    """The half that chooses and the half that is measured; replies to one sentence of knowledge stay together."""
    drawn = [sha256(reply.knowledge.casefold().encode()).digest()[-1] % 2 == 0 for reply in replies]
    choosing = [reply for reply, chooses in zip(replies, drawn, strict=True) if chooses]
    return choosing, [reply for reply, chooses in zip(replies, drawn, strict=True) if not chooses]


def agreement(replies: Sequence[Reply], threshold: float) -> Agreement:
    grounded = [support(reply.text, [reply.knowledge]) >= threshold for reply in replies]
    groups = [reply.knowledge.casefold() for reply in replies]
    return kappa([reply.attributable for reply in replies], grounded, groups)


def best_threshold(replies: Sequence[Reply]) -> float:
    """The highest of those with the best kappa."""
    return max(GRID, key=lambda threshold: (agreement(replies, threshold).kappa, threshold))


def page(choosing: Sequence[Reply], measured: Sequence[Reply]) -> str:
    """The page of evidence."""
    chosen = best_threshold(choosing)
    found = agreement(measured, chosen)
    grid = [f"| {threshold:.2f} | {agreement(choosing, threshold).kappa:.3f} |" for threshold in GRID]
    models = sorted({reply.model for reply in measured})
    rows = [_row(model, [reply for reply in measured if reply.model == model], chosen) for model in models]
    parts = [
        "# Does `grounding` agree with people?",
        "Written by `python benchmarks/grounding/measure.py --data begin_dev_wow.tsv --write docs/evidence/grounding.md`."
        " The data are the Wizard-of-Wikipedia development part of BEGIN (Dziri et al., TACL 2022; CC BY 4.0): replies of"
        " four models to a sentence of knowledge each, labelled by people. Agreed on is *fully attributable* against the"
        " rest (not fully attributable, or generic).",
        f"Fixed beforehand: half of the sentences of knowledge ({len(choosing)} replies) choose the measure's rules and"
        f" threshold, the other half ({len(measured)} replies) is measured with it; replies to one sentence are one group; a measure whose"
        f" kappa may lie below {TRUSTED:g} is called unvalidated.",
        "While the rules were written, some 20 rows of the file were read, of either half, and a first run drew the halves"
        " another way and gave .73 at the same threshold; no rule was changed after it.",
        f"**{agreement_sentence(found, LABELS)}**",
        f"At the threshold {chosen:.2f} they agree on {found.observed:.0%} of the replies; {found.chance:.0%} would be"
        f" chance. {_confusion(measured, chosen)}",
        "By the model that replied (few replies each, so wide intervals):",
        "\n".join(["| model | replies | kappa |", "| --- | --- | --- |", *rows]),
        "On the half that chose:",
        "\n".join(["| threshold | kappa |", "| --- | --- |", *grid]),
        "What this does not say: that it holds on your documents. BEGIN's knowledge is one sentence; your passages are"
        " many. Replies that turn a fact into its opposite are rare in it, and this measure cannot see them.",
    ]
    return "\n\n".join(parts) + "\n"


def _row(model: str, replies: Sequence[Reply], threshold: float) -> str:
    found = agreement(replies, threshold)
    return f"| {model} | {found.n} | {found.kappa:.2f} [{found.low:.2f}, {found.high:.2f}] |"


def _confusion(replies: Sequence[Reply], threshold: float) -> str:
    said = [(reply.attributable, support(reply.text, [reply.knowledge]) >= threshold) for reply in replies]
    return (
        f"Of {sum(people for people, _ in said)} replies that people found attributable it calls"
        f" {said.count((True, True))} grounded; of the other {sum(not people for people, _ in said)},"
        f" {said.count((False, True))}."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Cohen's kappa of the metric `grounding` with people's labels.")
    parser.add_argument("--data", type=Path, required=True, help="begin_dev_wow.tsv of google/BEGIN-dataset")
    parser.add_argument("--write", type=Path, help="write the page here as well")
    options = parser.parse_args(arguments)
    choosing, measured = halves(read_replies(options.data))
    text = page(choosing, measured)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    print(text)
    chosen = best_threshold(choosing)
    print(f"{agreement(measured, chosen)}\nshipped threshold {THRESHOLD}, chosen here {chosen}")


if __name__ == "__main__":
    main()

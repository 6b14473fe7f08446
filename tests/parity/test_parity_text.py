"""Text metrics against published figures and reference implementations, on public data."""

import json
import re
from collections import Counter
from functools import cache
from statistics import mean

import pytest

import shared_data
from openbook.core.types import Answer, Example, Score
from openbook.score import METRICS

SYSTEMS = ("bert_ensemble", "r-net_plus_ensemble", "logreg_baseline")


def figure(metric: str, examples: list[Example], texts: list[str]) -> float:
    made = METRICS.load(metric)()
    results = made.score(examples, [Answer(text=text) for text in texts])
    assert all(isinstance(result, Score) for result in results)
    return float(made.reduce([result.values for result in results]))


def questions() -> list[Example]:
    articles = json.loads((shared_data.path("xquad_en") / "xquad.en.json").read_text())["data"]
    return [
        Example(id=item["id"], input=item["question"], references=tuple(a["text"] for a in item["answers"]))
        for article in articles
        for paragraph in article["paragraphs"]
        for item in paragraph["qas"]
    ]


def predictions(system: str) -> list[str]:
    file = shared_data.path("xquad_en") / "predictions" / f"{system}_squad11_dev.json"
    found = json.loads(file.read_text())
    return [found.get(question.id, "") for question in questions()]


def reference_tokens(text: str) -> list[str]:
    """SQuAD's normalisation, written from its definition: word by word instead of over the whole text."""
    kept = (re.sub(r"[!-/:-@\[-`{-~]", "", word) for word in re.split(r"\s+", text.lower()))
    return [word for word in kept if word and word not in ("a", "an", "the")]


def reference_f1(text: str, gold: str) -> float:
    """Twice the matches over the sum of both lengths: the same figure by another road."""
    answered, wanted = reference_tokens(text), reference_tokens(gold)
    if not (answered and wanted):
        return float(answered == wanted)
    left = list(wanted)
    hits = 0
    for token in answered:
        if token in left:
            left.remove(token)
            hits += 1
    return 2 * hits / (len(answered) + len(wanted))


def test_the_bert_ensemble_has_its_published_exact_match_and_f1() -> None:
    assert round(100 * figure("exact_match", questions(), predictions("bert_ensemble")), 2) == 74.87
    assert round(100 * figure("f1", questions(), predictions("bert_ensemble")), 2) == 86.32


@pytest.mark.parametrize("system", SYSTEMS)
def test_exact_match_and_f1_agree_with_another_implementation(system: str) -> None:
    examples, texts = questions(), predictions(system)
    assert len(examples) == 1190
    pairs = [(text, example.references) for text, example in zip(texts, examples, strict=True)]
    exact = mean(any(reference_tokens(t) == reference_tokens(g) for g in golds) for t, golds in pairs)
    overlap = mean(max(reference_f1(t, gold) for gold in golds) for t, golds in pairs)
    assert figure("exact_match", examples, texts) == pytest.approx(exact, abs=1e-12)
    assert figure("f1", examples, texts) == pytest.approx(overlap, abs=1e-12)


@cache
def summaries(limit: int) -> tuple[list[Example], list[str]]:
    """Abstracts' first sentences against one or several written summaries."""
    lines = (shared_data.path("scitldr_a") / "test.jsonl").read_text().splitlines()[:limit]
    rows = [json.loads(line) for line in lines]
    examples = [Example(id=row["paper_id"], input="?", references=tuple(row["target"])) for row in rows]
    return examples, [row["source"][0] for row in rows]


def longest_common_subsequence(first: list[str], second: list[str]) -> int:
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for column, other in enumerate(second, start=1):
            diagonal, row[column] = (
                row[column],
                diagonal + 1 if word == other else max(row[column], row[column - 1]),
            )
    return row[-1]


def test_rouge_l_is_the_packages_best_over_references_and_the_papers_formula() -> None:
    from nltk.stem.porter import PorterStemmer
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.tokenize import tokenize

    examples, texts = summaries(120)
    scorer, stemmer = RougeScorer(["rougeL"], use_stemmer=True), PorterStemmer()
    metric = METRICS.load("rouge_l")()
    marks = [result.values[0] for result in metric.score(examples, [Answer(text=text) for text in texts])]
    assert any(len(example.references) > 1 for example in examples)
    for mark, example, text in zip(marks, examples, texts, strict=True):
        assert mark == max(scorer.score(gold, text)["rougeL"].fmeasure for gold in example.references)
        answered = tokenize(text, stemmer)
        golds = [tokenize(gold, stemmer) for gold in example.references]
        formula = max(2 * longest_common_subsequence(answered, g) / (len(answered) + len(g)) for g in golds)
        assert mark == pytest.approx(formula, abs=1e-12)


@pytest.mark.parametrize(("name", "kind"), [("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")])
def test_rouge_with_words_stemmed_once_is_the_packages_own_figure(name: str, kind: str) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    examples, texts = summaries(60)
    scorer, metric = RougeScorer([kind], use_stemmer=True), METRICS.load(name)()
    marks = [result.values[0] for result in metric.score(examples, [Answer(text=text) for text in texts])]
    assert marks == [scorer.score_multi(e.references, t)[kind].fmeasure for e, t in zip(examples, texts, strict=True)]


def test_bleu_is_exactly_sacrebleus_corpus_score() -> None:
    import sacrebleu

    examples, texts = summaries(600)
    assert len({len(example.references) for example in examples}) > 1
    most = max(len(example.references) for example in examples)
    streams = [[(*e.references, *[None] * most)[i] for e in examples] for i in range(most)]
    assert figure("bleu", examples, texts) == sacrebleu.corpus_bleu(texts, streams).score


def test_bleu_of_short_answers_is_smoothed_as_sacrebleu_does() -> None:
    import sacrebleu

    examples, texts = questions()[:40], predictions("r-net_plus_ensemble")[:40]
    expected = sacrebleu.corpus_bleu(texts, [[example.references[0] for example in examples]]).score
    assert figure("bleu", examples, texts) == expected
    assert figure("bleu", examples[:1], ["nothing of it"]) == 0.0


def test_bleus_signature_is_the_one_sacrebleu_writes() -> None:
    from sacrebleu.metrics import BLEU

    bleu = BLEU()
    bleu.corpus_score(["a b", "c"], [["a b", "c"], ["a", None]])
    assert METRICS.load("bleu")().signature == f"bleu|{bleu.get_signature()}"


def test_f1_counts_repeated_tokens_as_the_official_script_does() -> None:
    assert Counter(reference_tokens("The cat, the Cat!")) == {"cat": 2}
    example = Example(id="1", input="?", references=("cat",))
    assert figure("f1", [example], ["The cat, the Cat!"]) == pytest.approx(2 / 3)

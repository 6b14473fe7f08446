"""What the domain probe found: the loss on the documents' own text, and the gain over the untuned arm by stratum.

`better` is a loss that fell: the model foresees this domain's text better than before. Paired passage by passage, grouped by
document; the tests on all passages are one family, adjusted by Holm, and what is told of a part is an interval alone.
The gains are the pairs that the report tests anyway. Knows records and pairs, not how they came about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.arms import RETRIEVES
from openbook.compare.probes.domain import Domain
from openbook.compare.probes.forgetting import Patient
from openbook.compare.probes.forgotten import LOSS_MARGIN, MOST_NATS
from openbook.compare.verdict.pairs import Pair
from openbook.core.ids import digest
from openbook.score.stats import Contrast, Verdict, classify, contrast

Json = dict[str, Any]

UNTUNED = {"tuned": ("prompted", "base"), "hybrid": ("rag",), "tuned+rag": ("rag",)}
"""Kind → the kinds that answer like it, without its adapter; the nearest first."""

NO_INDEX = "no arm looks things up, so that there is no index to draw passages from"


def row(
    probe: Domain | None, pairs: Sequence[Pair], arms: Mapping[str, Json], *, metric: str, level: float
) -> Json | None:
    """The report's `probes.domain`; None where the probe is left out or there is nothing to tell.

    Args:
        arms: The report's.
    """
    if probe is None:
        return None
    patients = {patient.name: patient for patient in probe.reading.patients if patient.name in arms}
    losses = {name: _losses(probe, patient) for name, patient in patients.items()}
    alpha = round(1 - level, 10)
    made = {name: c for name, values in losses.items() if (c := _contrast(probe, values, level)) is not None}
    # Arms with one adapter were read once, and count once.
    once = {_key(patients[name]): found for name, found in made.items()}
    verdicts = dict(zip(once, classify(list(once.values()), alpha=alpha), strict=True))
    rows = {}
    for name, patient in patients.items():
        gain = _gain(name, pairs, arms, metric)
        if name in made:
            loss = _parts(probe, name, losses[name], made[name], verdicts[_key(patient)], level)
        else:
            loss = {"not_applicable": patient.tuned.no_loss or patient.base.no_loss or _unread(probe, arms)}
        if name in made or gain is not None:
            rows[name] = {"loss": loss, "gain": gain}
    sizes = {"passages": len(probe.documents), "documents": len(set(probe.documents.values()))}
    return {**sizes, "margin": LOSS_MARGIN, "arms": rows} if rows else None


Losses = Mapping[str, tuple[float | None, float | None]]
"""Passage → (without the adapter, with it), of those put to both; None for a failure."""


def _key(patient: Patient) -> tuple[str, str]:
    return str(patient.base.log.folder), str(patient.tuned.log.folder)


def _unread(probe: Domain, arms: Mapping[str, Json]) -> str:
    indexed = probe.documents or any(RETRIEVES[arm["kind"]] for arm in arms.values())
    return "no passage of the documents was read yet" if indexed else NO_INDEX


def _losses(probe: Domain, patient: Patient) -> Losses:
    if patient.tuned.no_loss or patient.base.no_loss:
        return {}
    base, tuned = patient.base.losses(), patient.tuned.losses()
    keys = {name: digest(text) for name, text in probe.reading.paragraphs.items()}
    return {name: (base[key], tuned[key]) for name, key in keys.items() if key in base and key in tuned}


def _contrast(probe: Domain, values: Losses, level: float) -> Contrast | None:
    if not any(None not in pair for pair in values.values()):
        return None
    return contrast(
        [tuned for _, tuned in values.values()],
        [base for base, _ in values.values()],
        [probe.documents[name] for name in values],
        margin=LOSS_MARGIN,
        level=level,
        alpha=round(1 - level, 10),
        higher_is_better=False,
        bounds=(0.0, MOST_NATS),
    )


def _parts(probe: Domain, arm: str, values: Losses, whole: Contrast, verdict: Verdict, level: float) -> Json:
    """All passages with the verdict; beside them those of documents that the arm's training examples name, and others."""
    found: Json = {"all": _figures(values, whole) | {"verdict": verdict.kind, "reason": verdict.reason}}
    found["all"] |= {"p": _rounded(whole.p), "p_adjusted": _rounded(verdict.p_adjusted)}
    for part, side in (("named", True), ("others", False)):
        some = {n: pair for n, pair in values.items() if (probe.documents[n] in probe.named[arm]) is side}
        made = _contrast(probe, some, level)
        found |= {part: _figures(some, made)} if made is not None else {}
    return found


def _figures(values: Losses, made: Contrast) -> Json:
    """Positive is a loss that rose, as measured; the contrast counts the other way round."""
    both = [(base, tuned) for base, tuned in values.values() if base is not None and tuned is not None]
    figures = {
        "base": sum(base for base, _ in both) / len(both),
        "tuned": sum(tuned for _, tuned in both) / len(both),
        "difference": -made.difference,
        "low": -made.high,
        "high": -made.low,
    }
    counts = {"n": len(both), "documents": made.groups, "failures": made.failures}
    return {**{name: _rounded(value) for name, value in figures.items()}, **counts}


def _gain(name: str, pairs: Sequence[Pair], arms: Mapping[str, Json], metric: str) -> Json | None:
    """The arm against the untuned arm of its kind, on what was trained on in other words and on what was not."""
    against = _untuned(name, arms)
    if against is None:
        return None
    found: Json = {p.stratum: _side(p, name) for p in pairs if p.metric == metric and {p.a, p.b} == {name, against}}
    strata: Json = {stratum: found[stratum] for stratum in ("seen", "new") if stratum in found}
    return {"against": against, **strata} if strata else None


def _untuned(name: str, arms: Mapping[str, Json]) -> str | None:
    own = arms[name]
    kinds = UNTUNED[own["kind"]]
    alike = [
        (kinds.index(arm["kind"]), place, other)
        for place, (other, arm) in enumerate(arms.items())
        if arm["kind"] in kinds and arm["model"] == own["model"]
    ]
    return min(alike)[2] if alike else None


def _side(pair: Pair, name: str) -> Json:
    """A tested pair, turned so that positive favours the arm."""
    low, high = (pair.low, pair.high) if pair.a == name else (-pair.high, -pair.low)
    difference = pair.difference if pair.a == name else -pair.difference
    figures = {"difference": difference, "low": low, "high": high}
    counts = {"n": pair.n, "groups": pair.groups, "failures": pair.failures}
    return {**{key: _rounded(value) for key, value in figures.items()}, **counts}


def _rounded(value: float) -> float:
    # Adding 0.0 turns a negative zero into a plain one.
    return round(value, 6) + 0.0

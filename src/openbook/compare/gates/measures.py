"""What a requirement may be about, and the check of it before anything runs. Knows no answer and no figure.

A term is `ARM.METRIC[.STRATUM]`, `ARM.seconds.p50|p95|first_token`, `ARM.usd.per_1000|training|indexing`,
`ARM.failures`, `ARM.fresh`, or `recommendation.arm`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from openbook.compare.gates.requirement import Requirement, Term, parse, spelled
from openbook.compare.marking.metrics import metrics_of
from openbook.compare.paper import STRATA
from openbook.compare.seats import absent
from openbook.core.errors import UsageError, unknown
from openbook.project import Project

Kind = Literal["score", "seconds", "usd", "failures", "fresh"]

RECOMMENDATION: Term = ("recommendation", "arm")
PARTS = {
    "seconds": ("p50", "p95", "first_token"),
    "usd": ("per_1000", "training", "indexing"),
    "failures": (),
    "fresh": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is measured of an arm.

    Attributes:
        name: The metric of a score; what of the seconds or of the price.
        stratum: Of a score: all, seen or new.
    """

    kind: Kind
    name: str = ""
    stratum: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a project's report will have figures of.

    Attributes:
        absent: Arm → why this model cannot have it.
        missing: A kind of measure that will not be taken → why.
    """

    arms: Sequence[str]
    absent: Mapping[str, str]
    metrics: Sequence[str]
    missing: Mapping[str, str]


def checked(project: Project, texts: Sequence[str]) -> list[Requirement]:
    """Read requirements, each once, and make sure that the report will have what they speak of. Opens no model.

    Raises:
        UsageError: One that cannot be read, an unknown arm, metric or part, or something that is not measured.
    """
    requirements = list(dict.fromkeys(parse(text) for text in texts))
    if not requirements:
        return []
    known = _known(project)
    for requirement in requirements:
        try:
            _check(requirement, known)
        except UsageError as error:
            raise UsageError(f"The requirement {str(requirement)!r}: {error}") from error
    return requirements


def measure(term: Term, metrics: Sequence[str]) -> Measure:
    """What a term beyond its arm speaks of.

    Raises:
        UsageError: No such metric, stratum or part, or too many of them.
    """
    _, *rest = term
    if not rest:
        raise UsageError(f"{spelled(term)} is an arm without a measure. Write for example {spelled(term)}.{metrics[0]}")
    head, *tail = rest
    parts = PARTS.get(head, ("all", *STRATA))
    if head not in PARTS and head not in metrics:
        hint = " Put spaces around + and - before a number." if any(sign in head for sign in "+-") else ""
        raise UsageError(unknown("metric or measure", head, {*metrics, *PARTS}) + hint)
    if len(tail) > 1 or (tail and not parts):
        raise UsageError(f"there is nothing below {spelled(term[: 3 if parts else 2])}.")
    if tail and tail[0] not in parts:
        raise UsageError(unknown(f"part of {head}" if head in PARTS else "stratum", tail[0], parts))
    if parts and not tail and head in PARTS:
        raise UsageError(f"{spelled(term)} has parts: write {spelled((*term, parts[0]))}. Known: {', '.join(parts)}.")
    if head in PARTS:
        return Measure(kind=cast(Kind, head), name="".join(tail))
    return Measure(kind="score", name=head, stratum=tail[0] if tail else "all")


def _known(project: Project) -> Known:
    probes = project.config.probes
    missing = {}
    if not project.second.questions:
        missing["fresh"] = (
            "no changed facts are asked. Name [documents] updates and [examples] updates, or set [probes] freshness ="
            ' "made".'
        )
    if not probes.latency:
        missing["seconds"] = "no answer is timed. Raise [probes] latency above 0."
    return Known(
        arms=[plan.name for plan in project.plans()],
        absent={row.name: row.reason for row in absent(project)},
        metrics=[m.name for m in metrics_of(project)],
        missing=missing,
    )


def _check(requirement: Requirement, known: Known) -> None:
    if requirement.left[0] == RECOMMENDATION[0] or requirement.sign == "==":
        _check_recommendation(requirement, known)
        return
    found = [_check_term(term, known) for term in (requirement.left, requirement.right) if term is not None]
    if requirement.right is not None and found[0] != found[1]:
        raise UsageError("the two sides are different things; compare the same measure of two arms.")
    if requirement.right is not None and requirement.left[0] == requirement.right[0]:
        raise UsageError("the two sides are the same figure; compare two arms, or an arm with a number.")


def _check_recommendation(requirement: Requirement, known: Known) -> None:
    right = requirement.right
    whole = requirement.left == RECOMMENDATION and requirement.sign == "==" and not requirement.number
    if not whole or right is None or len(right) != 1:
        raise UsageError("== and recommendation go together: 'recommendation.arm == ARM'.")
    _check_arm(right[0], known)


def _check_term(term: Term, known: Known) -> Measure:
    _check_arm(term[0], known)
    found = measure(term, known.metrics)
    if found.kind in known.missing:
        raise UsageError(known.missing[found.kind])
    return found


def _check_arm(name: str, known: Known) -> None:
    if name not in known.arms:
        raise UsageError(unknown("arm", name, known.arms))
    if name in known.absent:
        raise UsageError(f"the arm {name!r} is not applicable: {known.absent[name]}.")

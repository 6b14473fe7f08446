"""Fitting a comparison into a budget: which sizes to cut, cheapest evidence first, and never an arm.

The cuts form one path from the sizes as set to the least that is worth running; the first place on it that fits is
taken, and what is left over is given back, dearest evidence first. They come from the plan of the whole comparison, as
if nothing had been done, and are written down before it starts: the same budget finds the same sizes at every later call.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from openbook import models
from openbook.compare.paper import Paper, set_paper
from openbook.compare.planning.expected import CHARACTERS_A_TOKEN
from openbook.compare.planning.pace import Pace, measure
from openbook.compare.planning.plan import Plan, estimate
from openbook.compare.probes import curve, retune
from openbook.compare.probes.forgetting import instructions, paragraphs
from openbook.compare.seats import taking_part
from openbook.core.durations import compact, seconds_of
from openbook.core.errors import UsageError
from openbook.project import ArmPlan, Project
from openbook.project.sizes import Budget, Cut, capped, load, path, save

FEWEST_GROUPS, FEWEST_QUESTIONS = 8, 30
"""Test questions are not cut below this: with fewer groups nothing can be decided."""

FEWEST_ROWS = 50
"""Fewer training rows are not worth training on."""

FEWEST_FRESHNESS, FEWEST_FORGETTING = 8, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One size that may be cut, one by one from `most` down to `least`."""

    what: str
    most: int
    least: int

    @property
    def notches(self) -> int:
        return max(0, self.most - self.least)


def fit(project: Project, *, keep: bool = True) -> Project:
    """The project with its sizes cut to its budget; as it is where none is set, or where the sizes were chosen before.

    Args:
        keep: Write the choice down, so that later calls find it.

    Raises:
        UsageError: It does not fit even at its least.
        Busy: Another process writes to this project.
    """
    if not project.config.compare.budget or project.budget is not None:
        return project
    if not keep:
        return project.within(choose(project))
    with project.workspace.writing():
        file = path(project.workspace, project.config, project.exam)
        chosen = load(file) or choose(project)
        save(file, chosen)
    return project.within(chosen)


def choose(project: Project, *, pace: Pace | None = None) -> Budget:
    """The mildest cuts that fit, by today's estimate of the whole comparison.

    Args:
        pace: What is known of this machine; default: what this project's runs say of it.

    Raises:
        UsageError: It does not fit even at its least.
    """
    asked = seconds_of(project.config.compare.budget)
    if any(models.is_local(plan.model.name) for plan in taking_part(project)):
        models.machine()  # What it does fast must be known now: a guess would be kept for as long as the choice is.
    levers, pace = ladder(project), pace or measure(project, taking_part(project))

    def plan_with(caps: Mapping[str, float]) -> Plan:
        return estimate(project.resized(capped(project.config, caps)), afresh=True, pace=pace)

    def fits(caps: Mapping[str, float]) -> bool:
        return plan_with(caps).seconds <= asked

    far = sum(lever.notches for lever in levers)
    if not fits(caps_at(levers, far)):
        raise UsageError(_too_little(project, asked, caps_at(levers, far), pace))
    caps = caps_at(levers, _first(0, far, lambda place: fits(caps_at(levers, place))))
    for lever in reversed(_whole(levers)):
        caps = _given_back(lever, caps, fits)
    cut = project.resized(capped(project.config, caps))
    seconds = round(plan_with(caps).seconds, 3)
    return Budget(asked_seconds=asked, planned_seconds=seconds, caps=caps, cuts=tuple(cuts(project, cut)))


def _whole(levers: Sequence[Lever]) -> list[Lever]:
    """One lever for each size, over all that the path cuts of it."""
    spans: dict[str, Lever] = {}
    for lever in levers:
        most = spans[lever.what].most if lever.what in spans else lever.most
        spans[lever.what] = Lever(what=lever.what, most=most, least=lever.least)
    return list(spans.values())


def _given_back(
    lever: Lever, caps: Mapping[str, float], fits: Callable[[Mapping[str, float]], bool]
) -> dict[str, float]:
    """The same caps with this one as high as still fits."""
    if lever.what not in caps:
        return dict(caps)
    down = _first(0, lever.notches, lambda down: fits({**caps, lever.what: lever.most - down}))
    others = {what: cap for what, cap in caps.items() if what != lever.what}
    return {**others, lever.what: lever.most - down} if down else others


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first place at which it holds, from which on it always does; `high` at the latest."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


def ladder(project: Project) -> list[Lever]:
    """What may be cut, in order: what costs least evidence comes first."""
    exam, config = project.exam, project.config
    plans = [plan for plan in taking_part(project) if plan.kind != "external"]
    tuned = [plan for plan in plans if plan.tunes]
    paper = set_paper(exam.division, exam.groups.keys, limit=config.compare.questions)
    fewest = fewest_questions(paper)
    half = max(fewest, len(paper.questions) // 2)
    levers = [
        *_probes(project, tuned),
        Lever(what="compare.questions", most=len(paper.questions), least=half),
        Lever(what="tune.rows", most=max((curve.whole(project, plan) for plan in tuned), default=0), least=FEWEST_ROWS),
        Lever(what="compare.questions", most=half, least=fewest),
        Lever(what="tune.epochs", most=max((math.ceil(plan.tune.epochs) for plan in tuned), default=1), least=1),
        Lever(
            what="retrieve.passages", most=max((p.retrieve.passages for p in plans if p.retrieves), default=1), least=1
        ),
        Lever(
            what="generate.max_tokens",
            most=max((plan.generate.max_tokens for plan in plans), default=1),
            least=_longest_reference(project),
        ),
    ]
    return [lever for lever in levers if lever.notches]


def _probes(project: Project, tuned: Sequence[ArmPlan]) -> list[Lever]:
    """What stands beside the test's questions."""
    sizes = dict(_shared(project))
    drawn = any(curve.parts(project, plan) for plan in tuned)
    levers = [Lever(what="probes.curve", most=int(drawn), least=0), _lever(sizes, "probes.latency", 1)]
    levers.insert(1, Lever(what="probes.retune", most=int(bool(retune.plans(project))), least=0))
    if tuned:
        levers += [_lever(sizes, "probes.gap", 0)]
    if tuned and project.config.probes.forgetting:
        levers += [_lever(sizes, f"probes.forgetting_{part}", FEWEST_FORGETTING) for part in ("texts", "instructions")]
    if tuned and project.config.probes.domain:
        levers += [_lever(sizes, "probes.domain_texts", FEWEST_FORGETTING)]
    return [*levers, _lever(sizes, "probes.freshness_questions", FEWEST_FRESHNESS)]


def _lever(sizes: Mapping[str, float], what: str, least: int) -> Lever:
    return Lever(what=what, most=int(sizes[what]), least=least)


def caps_at(levers: Sequence[Lever], place: int) -> dict[str, float]:
    """The caps at a place on the path: levers before it at their least, the one that it falls on in between."""
    caps: dict[str, float] = {}
    for lever in levers:
        if place <= 0:
            break
        caps[lever.what] = lever.most - min(place, lever.notches)
        place -= lever.notches
    return caps


def fewest_questions(paper: Paper) -> int:
    """Questions that must stay: so many that they come from enough groups, or all there are."""
    seen: set[str] = set()
    for count, question in enumerate(paper.questions, start=1):
        seen.add(paper.group[question.id])
        if count >= FEWEST_QUESTIONS and len(seen) >= FEWEST_GROUPS:
            return count
    return len(paper.questions)


def cuts(project: Project, cut: Project) -> list[Cut]:
    """What differs between the sizes as set and as cut; one entry where all arms that it concerns are cut alike."""
    found = [
        Cut(what=what, before=before, after=after)
        for (what, before), (_, after) in zip(_shared(project), _shared(cut), strict=True)
        if before != after
    ]
    pairs = list(zip(taking_part(project), taking_part(cut), strict=True))
    for what in ("tune.rows", "tune.epochs", "retrieve.passages", "generate.max_tokens"):
        sizes = {p.name: (_size(project, p, what), _size(cut, q, what)) for p, q in pairs if _concerns(p, what)}
        changed = {name: (before, after) for name, (before, after) in sizes.items() if before != after}
        if len(set(sizes.values())) == 1 and changed:
            changed = {"": next(iter(changed.values()))}
        found += [
            Cut(what=f"arms.{name}.{what}" if name else what, before=before, after=after)
            for name, (before, after) in changed.items()
        ]
    return found


def _shared(project: Project) -> list[tuple[str, float]]:
    """The sizes that all arms have in common; where 0 stands for all, how many there are."""
    config, division = project.config, project.exam.division
    return [
        ("probes.curve", int(config.probes.curve)),
        ("probes.retune", int(config.probes.retune)),
        ("probes.latency", config.probes.latency),
        ("probes.gap", config.probes.gap),
        ("probes.forgetting_texts", len(paragraphs(config.probes.forgetting_texts))),
        ("probes.forgetting_instructions", len(instructions(config.probes.forgetting_instructions))),
        ("probes.domain_texts", config.probes.domain_texts),
        ("probes.freshness_questions", _freshness(project)),
        ("compare.questions", min(config.compare.questions or len(division.test), len(division.test))),
    ]


def _concerns(plan: ArmPlan, what: str) -> bool:
    if plan.kind == "external":
        return False
    return plan.tunes if what.startswith("tune.") else plan.retrieves if what == "retrieve.passages" else True


def _size(project: Project, plan: ArmPlan, what: str) -> float:
    if what == "tune.rows":
        return curve.whole(project, plan)
    section, key = what.split(".")
    return float(getattr(getattr(plan, section), key))


def _freshness(project: Project) -> int:
    """How many freshness questions are asked."""
    return len(retune.questions(project))


def _longest_reference(project: Project) -> int:
    """Tokens that nearly all references stay under, counted generously: shorter answers would be cut off."""
    lengths = sorted(len(example.reference) for example in project.exam.examples)
    return math.ceil(lengths[int(0.95 * (len(lengths) - 1))] / (CHARACTERS_A_TOKEN - 1))


def _too_little(project: Project, asked: int, caps: Mapping[str, float], pace: Pace) -> str:
    """What the least would take, and which arm to leave out."""
    small = capped(project.config, caps)
    least = estimate(project.resized(small), afresh=True, pace=pace)
    names = [plan.name for plan in taking_part(project)]
    without = {}
    for name in names if len(names) > 1 else ():
        arms = tuple(arm for arm in small.compare.arms if arm != name)
        fewer = small.model_copy(update={"compare": small.compare.model_copy(update={"arms": arms})})
        without[name] = estimate(project.resized(fewer), afresh=True, pace=pace).seconds
    dearest = min(without, key=lambda name: without[name], default="")
    advice = (
        f"Leave out {dearest!r} in [compare] arms (then {_about(without[dearest])}), or give" if dearest else "Give"
    )
    return (
        f"A budget of {compact(asked)} cannot hold this comparison: cut to its least it takes about"
        f" {_about(least.seconds)} on this machine. {advice} at least --budget {_about(least.seconds)}."
    )


def _about(seconds: float) -> str:
    """Rounded up, so that it does as a budget: to ten seconds below five minutes, to whole minutes above."""
    step = 10 if seconds < 300 else 60
    return compact(step * math.ceil(seconds / step))

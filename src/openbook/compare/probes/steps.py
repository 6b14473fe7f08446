"""The probes, one after another: each asks what is missing of it. Knows what to ask, not what comes of it."""

from openbook.compare.material import Material, updated_seats
from openbook.compare.probes import curve, forgetting, latency, retune
from openbook.compare.probes.forgetting import Probe
from openbook.compare.seats import first_seats, seat, taking_part, updatable
from openbook.compare.sitting import Sitting, this_machine


def _gap(sitting: Sitting, material: Material) -> None:
    questions = [*material.gap[0], *material.gap[1]]
    for desk in first_seats(material.seats):
        if desk.plan.tunes and questions:
            sitting.ask(desk, questions, f"train/dev gap of {desk.name}")


def _freshness(sitting: Sitting, material: Material) -> None:
    knowledge = sitting.project.knowledge
    for desk in updatable(material.seats) if material.freshness else ():
        sitting.ask(desk, material.freshness, f"freshness of {desk.name}, before")
    if not material.freshness or not any(desk.plan.retrieves for desk in material.seats):
        return
    if knowledge.content("updates") is None:
        with sitting.stage("ingest the update"):
            knowledge.ingest("updates", progress=sitting.watch.progress)
    for desk in updated_seats(sitting.project, material.seats):
        sitting.ask(desk, material.freshness, f"freshness of {desk.name}, after")


def _forgetting(sitting: Sitting, material: Material) -> None:
    _put(sitting, material.forgetting, "forgetting")


def _domain(sitting: Sitting, material: Material) -> None:
    _put(sitting, material.domain.reading if material.domain else None, "domain")


def _put(sitting: Sitting, probe: Probe | None, what: str) -> None:
    again, cancel, progress = sitting.retry_failures, sitting.cancel, sitting.watch.progress
    if probe is None:
        return
    for subject in probe.subjects:
        if forgetting.is_missing(subject, probe, retry_failures=again):
            subject.log.describe({"arm": subject.name, "settings": subject.arm.settings}, machine=this_machine())
            with sitting.stage(f"{what} of {subject.name}"):
                forgetting.measure(subject, probe, retry_failures=again, cancel=cancel, progress=progress, what=what)


def _robustness(sitting: Sitting, material: Material) -> None:
    probe = material.robustness
    if probe is None:
        return
    for trial in probe.trials:
        if not sitting.cancelled:
            told = f"robustness of {trial.desk.name}: {trial.condition.replace('_', ' ')}"
            sitting.ask(trial.desk, probe.questions, told)


def _reading(sitting: Sitting, material: Material) -> None:
    probe = material.reading
    if probe is None:
        return
    for told, desk in probe.desks.items():
        if not sitting.cancelled:
            sitting.ask(desk, probe.questions, told)


def _latency(sitting: Sitting, material: Material) -> None:
    asked = [desk for desk in first_seats(material.seats) if desk.plan.scheme != "recorded"]
    desks = list({desk.log.folder: (desk.arm, desk.log.folder) for desk in asked}.values())
    again = sitting.retry_failures
    if any(latency.is_missing(folder, material.latency, retry_failures=again) for _, folder in desks):
        with sitting.stage("latency"):
            latency.measure(desks, material.latency, retry_failures=again, progress=sitting.watch.progress)


def _curve(sitting: Sitting, material: Material) -> None:
    """Each point in a project of its own, so that its model is let go of before the next one is loaded."""
    project = sitting.project
    for plan in () if material.dev else taking_part(project):
        for rows in curve.parts(project, plan):
            one, seed = curve.point(project, plan, rows), curve.seed_of(project, plan)
            if sitting.cancelled:
                return
            sitting.train(one, plan.name, seed, f"tune {plan.name} on {rows} rows")
            desk = seat(one, one.plan(plan.name), seed)
            sitting.ask(desk, material.paper.questions, f"answer {plan.name} on {rows} rows")


def _retune(sitting: Sitting, material: Material) -> None:
    """After the update, each arm in a project of its own, as the curve's points are."""
    project = sitting.project
    for plan in () if material.dev else retune.plans(project):
        if sitting.cancelled:
            return
        one, seed = retune.point(project, plan), curve.seed_of(project, plan)
        sitting.train(one, plan.name, seed, f"tune {plan.name} after the update")
        asked = retune.asked(project, material.freshness)
        sitting.ask(retune.desk(project, plan, one), asked, f"freshness of {plan.name}, trained anew")


BESIDE = (_gap, _freshness, _forgetting, _domain, _robustness, _reading, _latency)
"""What asks the arms as they are, in this order."""

ANEW = (_curve, _retune)
"""What trains first."""

"""What a budget cut, for a report and in words. Knows nothing of how it is chosen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openbook.core.durations import compact

if TYPE_CHECKING:
    from openbook.project.sizes import Budget

Json = Mapping[str, Any]

WORDS = {
    "probes.curve": "learning curve",
    "probes.retune": "training anew after the update",
    "probes.latency": "latency questions",
    "probes.gap": "training and dev questions beside the test",
    "probes.forgetting_texts": "paragraphs of the forgetting probe",
    "probes.forgetting_instructions": "instructions of the forgetting probe",
    "probes.domain_texts": "passages of the domain probe",
    "probes.freshness_questions": "freshness questions",
    "compare.questions": "test questions",
    "tune.rows": "training rows",
    "tune.epochs": "passes over the training rows",
    "retrieve.passages": "passages",
    "generate.max_tokens": "tokens an answer",
}


def budget_row(budget: "Budget") -> dict[str, Any]:
    """The report's `budget`."""
    return {
        "asked_seconds": budget.asked_seconds,
        "planned_seconds": round(budget.planned_seconds, 1),
        "cuts": [{"what": cut.what, "from": cut.before, "to": cut.after} for cut in budget.cuts],
    }


def notes(row: Json) -> list[str]:
    """What a reader must know of a report's `budget`: sizes that would else pass for the user's own."""
    asked, planned = compact(row["asked_seconds"]), compact(row["planned_seconds"])
    cuts = "; ".join(told(cut) for cut in row["cuts"])
    return [f"Cut to fit a budget of {asked} (estimate {planned}): {cuts}."] if cuts else []


def told(cut: Json) -> str:
    """`test questions from 198 to 60`; of one arm: `passes over the training rows of tuned from 5 to 2`."""
    arm, setting = _parts(str(cut["what"]))
    of = f" of {arm}" if arm else ""
    if setting in ("probes.curve", "probes.retune"):
        return "the learning curve" if setting == "probes.curve" else WORDS[setting]
    return f"{WORDS[setting]}{of} from {cut['from']:g} to {cut['to']:g}"


def _parts(what: str) -> tuple[str, str]:
    """(arm or nothing, setting); an arm's name may hold dots."""
    if not what.startswith("arms."):
        return "", what
    arm, section, key = what.removeprefix("arms.").rsplit(".", 2)
    return arm, f"{section}.{key}"

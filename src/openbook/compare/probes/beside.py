"""The rows of the probes that stand beside one another in a report, each `None` where it is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.compare.marking import bypassages
from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material
from openbook.compare.probes import adapted, misread, tunings
from openbook.compare.verdict.pairs import Pair
from openbook.project import Project

Json = dict[str, Any]


def rows(
    project: Project,
    material: Material,
    marks: Marks,
    *,
    pairs: Sequence[Pair],
    kept: Json | None,
    arms: Mapping[str, Json],
    alpha: float,
) -> Json:
    """`reading`, `domain`, `by_passages` and `tuning_methods` of the report's `probes`.

    Args:
        kept: The report's `probes.forgetting`.
        arms: The report's.
        alpha: Of the tests of what is asked on test questions.
    """
    config = project.config
    level, metric = config.compare.level, marks.primary.name
    methods = tunings.row(project, material.seats, pairs, kept, arms) if config.probes.tuning_methods else None
    return {
        "reading": misread.row(material.reading, marks, margin=config.compare.margin, alpha=alpha),
        "domain": adapted.row(material.domain, pairs, arms, metric=metric, level=level),
        "by_passages": bypassages.row(marks) if config.probes.by_passages else None,
        "tuning_methods": methods or None,
    }

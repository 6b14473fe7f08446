"""Intervals, tests and verdicts over groups of examples: pure functions on numbers. Knows nothing of metrics or arms.

The unit of inference is the group: examples that share a document, a fact or a near-duplicate are not independent. The
estimand is the example-weighted mean. Score sequences hold None where an answer or a metric failed.
"""

from openbook.score.stats.agreement import Agreement, kappa
from openbook.score.stats.best import AgainstBest, against_best
from openbook.score.stats.clusters import Spread, design_effect, group_correlation, spread
from openbook.score.stats.coverage import RiskCoverage, risk_coverage
from openbook.score.stats.crossed import crossed_interval, seed_variance
from openbook.score.stats.family import holm
from openbook.score.stats.intervals import Interval, end_level, mean_interval, one_sided, proportion_interval, wilson
from openbook.score.stats.jackknife import pseudo_values
from openbook.score.stats.jointflip import any_above, max_t
from openbook.score.stats.paired import Equivalence, all_whole, mcnemar, paired_interval, tango, tost
from openbook.score.stats.power import Needed, needed, needed_groups, smallest_effect
from openbook.score.stats.quantiles import quantile_bounds, quantile_needed
from openbook.score.stats.signflip import FEWEST_GROUPS, SignFlip, sign_flip
from openbook.score.stats.spending import look_alpha
from openbook.score.stats.verdict import Adjust, Contrast, Verdict, classify, contrast

__all__ = [
    "FEWEST_GROUPS",
    "Adjust",
    "AgainstBest",
    "Agreement",
    "Contrast",
    "Equivalence",
    "Interval",
    "Needed",
    "RiskCoverage",
    "SignFlip",
    "Spread",
    "Verdict",
    "against_best",
    "all_whole",
    "any_above",
    "classify",
    "contrast",
    "crossed_interval",
    "design_effect",
    "end_level",
    "group_correlation",
    "holm",
    "kappa",
    "look_alpha",
    "max_t",
    "mcnemar",
    "mean_interval",
    "needed",
    "needed_groups",
    "one_sided",
    "paired_interval",
    "proportion_interval",
    "pseudo_values",
    "quantile_bounds",
    "quantile_needed",
    "risk_coverage",
    "seed_variance",
    "sign_flip",
    "smallest_effect",
    "spread",
    "tango",
    "tost",
    "wilson",
]

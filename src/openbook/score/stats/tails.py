"""Quantiles and tails of the distributions in use, from scipy.special: scipy.stats takes over a second to import."""

from typing import Any

from scipy import special


def normal_quantile(probability: float) -> float:
    return float(special.ndtri(probability))


def normal_cdf(values: Any) -> Any:
    """P(Z ≤ value), of an array or a number."""
    return special.ndtr(values)


def t_quantile(probability: float, df: float) -> float:
    return float(special.stdtrit(df, probability))


def chi2_quantile(probability: float, df: float) -> float:
    return float(special.chdtri(df, 1 - probability))


def binomial_lower(k: int, n: int, share: float = 0.5) -> float:
    """P(X ≤ k) of n tosses with this chance of success, fair ones if not said."""
    return float(special.bdtr(k, n, share))


def share_reaching(k: int, n: int, probability: float) -> float:
    """The chance of success at which n tosses give k successes or more with this probability; k is at least 1."""
    return float(special.betaincinv(k, n - k + 1, probability))

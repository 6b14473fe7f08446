"""How alpha is spent over looks at the same test questions. Knows no questions; it is handed the look's number."""


def look_alpha(number: int, alpha: float) -> float:
    """The level that a look's tests may use.

    The first look has alpha, whole. All later ones share one alpha more, however many there will be: the k-th gets
    alpha / (k(k − 1)), and Σ 1/(k(k − 1)) = 1. Group-sequential boundaries (O'Brien and Fleming) need the number of
    looks and their share of the data beforehand; here the data stay and the arms change, unplanned.

    Args:
        number: 1 for the first look at these questions.

    Raises:
        ValueError: A number below 1.
    """
    if number < 1:
        raise ValueError(f"looks are counted from 1, and this is number {number}")
    return alpha if number == 1 else alpha / (number * (number - 1))

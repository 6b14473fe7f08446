"""What every generator that says how likely texts are must do. Subclass, make one, and pytest runs the rest:

class TestMine(LikelihoodConformance):
    def make(self) -> Likelihood:
        return Mine()
"""

import math
from typing import ClassVar, cast

import pytest

from openbook.core.protocols import Likelihood
from openbook.core.types import Failure

TEXTS = [
    "Parcels to Ireland arrive within five working days.",
    "The café in Zürich opens at 8 — «bis später» 👋 東京",
    "Returns are free.",
    "Climbing ropes are retired after a hard fall. " * 4,
]


class LikelihoodConformance:
    """The suite; one generator, made once, goes through all of it."""

    close = 0.02
    """Most nats per token between a text's loss alone and among others (low-precision arithmetic may differ)."""

    made: ClassVar[dict[type, Likelihood]] = {}

    def make(self) -> Likelihood:
        """The generator under test."""
        raise NotImplementedError("say how to make the generator under test")

    @pytest.fixture
    def likelihood(self) -> Likelihood:
        if type(self) not in self.made:
            self.made[type(self)] = self.make()
        return self.made[type(self)]

    def test_it_fulfils_the_protocol(self, likelihood: Likelihood) -> None:
        assert isinstance(likelihood, Likelihood)
        assert likelihood.no_loss == ""

    def test_an_empty_list_gives_an_empty_list(self, likelihood: Likelihood) -> None:
        assert likelihood.loss([]) == []

    def test_every_text_has_a_finite_positive_loss(self, likelihood: Likelihood) -> None:
        assert all(math.isfinite(loss) and loss > 0 for loss in losses(likelihood, TEXTS))

    def test_losses_come_in_the_order_of_the_texts_and_do_not_depend_on_the_batch(self, likelihood: Likelihood) -> None:
        alone = [losses(likelihood, [text])[0] for text in TEXTS]
        assert losses(likelihood, TEXTS) == pytest.approx(alone, abs=self.close)
        assert losses(likelihood, TEXTS[::-1]) == pytest.approx(alone[::-1], abs=self.close)

    def test_a_bad_item_is_a_failure_in_its_place(self, likelihood: Likelihood) -> None:
        found = likelihood.loss(cast(list[str], [TEXTS[0], "", None, TEXTS[2]]))
        assert [isinstance(one, Failure) for one in found] == [False, True, True, False]
        assert all(one.message and not one.transient for one in found if isinstance(one, Failure))


def losses(likelihood: Likelihood, texts: list[str]) -> list[float]:
    """Losses of good texts; a Failure among them fails the test."""
    found = likelihood.loss(texts)
    assert not [one for one in found if isinstance(one, Failure)]
    return [one for one in found if not isinstance(one, Failure)]

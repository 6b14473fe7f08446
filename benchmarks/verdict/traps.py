"""The traps: from a seed, a study with something planted in it. Knows nothing of what Openbook makes of it.

Where a trap needs a certain kind of luck (a pair that looks good by chance), studies are drawn until one has it, judged
by exact binomial tests from SciPy and never by Openbook's own.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from scipy.stats import binomtest
from study import Arm, Case, Invented, Said, Study

KINDS = ("prompted", "rag", "tuned")


def study(trap: str, seed: int, variant: str) -> Study:
    """Draw the study of a trap."""
    return TRAPS[trap](random.Random(f"{trap} {seed}"), variant)


def _cases(invented: Invented, sizes: Sequence[int], *, train: int = 6, changes: int = 0) -> list[Case]:
    """Test questions, a page a group, and pages of two training questions."""
    made = [
        invented.case(f"t{group}-{number}", f"page{group}", changes=group < changes)
        for group, size in enumerate(sizes)
        for number in range(size)
    ]
    for page in range(train):
        made += [invented.case(f"s{page}-{n}", f"study{page}", split="train") for n in range(2)]
    return made


def _drawn(chance: random.Random, cases: Sequence[Case], share: float, alike: float = 0.2) -> dict[str, Said]:
    """Right with probability `share`, questions of a page alike by this correlation."""
    strength = (1 - alike) / alike
    luck = {
        page: chance.betavariate(share * strength, (1 - share) * strength)
        for page in dict.fromkeys(case.page for case in cases)
    }
    return {case.id: "right" if chance.random() < luck[case.page] else "wrong" for case in cases}


def _study(cases: Sequence[Case], says: dict[str, dict[str, Said]], **settings: object) -> Study:
    arms = tuple(Arm(name=name, kind=name, says=told) for name, told in says.items())
    return Study(cases=tuple(cases), arms=arms, **settings)  # type: ignore[arg-type]


def winner(chance: random.Random, variant: str) -> Study:
    """One arm (the variant) is right in 88 % of the questions, the others in about 35 %."""
    sizes = [chance.randint(1, 4) for _ in range(chance.randint(36, 50))]
    cases = _cases(Invented(chance), sizes)
    test = [case for case in cases if case.split == "test"]
    shares = {kind: 0.88 if kind == variant else chance.uniform(0.3, 0.4) for kind in KINDS}
    return _study(cases, {kind: _drawn(chance, test, shares[kind]) for kind in KINDS})


def tie(chance: random.Random, variant: str) -> Study:
    """Arms that are equally good. `enough`: so many questions that it can be shown. `lucky`: five arms, and the pair
    furthest apart would pass a test of its own, but not one of ten."""
    if variant == "enough":
        cases = _cases(Invented(chance), [1] * chance.randint(130, 160))
        test = [case for case in cases if case.split == "test"]
        common = _drawn(chance, test, 0.65)
        says = {kind: {name: _flipped(chance, said, 0.015) for name, said in common.items()} for kind in KINDS}
        return _study(cases, says, margin=0.1)
    cases = _cases(Invented(chance), [1] * chance.randint(34, 44))
    test = [case for case in cases if case.split == "test"]
    kinds = ("base", "prompted", "rag", "tuned", "hybrid")
    for _ in _tries():
        says = {kind: _drawn(chance, test, 0.5) for kind in kinds}
        if 0.014 <= min(_p(*_discordant(says[a], says[b])) for a, b in combinations(kinds, 2)) <= 0.035:
            break
    return _study(cases, says)


def tiny(chance: random.Random, variant: str) -> Study:
    """Many questions in few groups. `few`: a large gap on 4 to 7 pages. `opposed`: 10 or 12 pages, each with 12 to 16
    questions of which one arm knows nearly all and the other nearly none, about as often one as the other."""
    if variant == "few":
        cases = _cases(Invented(chance), [chance.randint(12, 16) for _ in range(chance.randint(4, 7))], train=12)
        test = [case for case in cases if case.split == "test"]
        return _study(cases, {"prompted": _drawn(chance, test, 0.2), "rag": _drawn(chance, test, 0.9)})
    pages = chance.choice((10, 12))
    ahead = set(chance.sample(range(pages), pages // 2 + 1))
    cases = _cases(Invented(chance), [chance.randint(12, 16) for _ in range(pages)], train=12)
    says: dict[str, dict[str, Said]] = {"prompted": {}, "rag": {}}
    for case in cases:
        if case.split == "test":
            good = int(case.page.removeprefix("page")) in ahead
            says["rag"][case.id] = _flipped(chance, "right" if good else "wrong", 0.08)
            says["prompted"][case.id] = _flipped(chance, "wrong" if good else "right", 0.08)
    return _study(cases, says)


def leak(chance: random.Random, variant: str) -> Study:
    """15 test questions were trained on, on pages of another name: `verbatim` word for word, `reworded` almost. The
    tuned arm knows these by heart and is no better than the other one on the rest."""
    invented = Invented(chance)
    made = _cases(invented, [1] * chance.randint(34, 44), train=10)
    # Longer questions: a politeness must not make another question of one.
    cases = [replace(case, input=f"{case.input[:-1]} {' '.join(invented.word() for _ in range(8))}?") for case in made]
    fair = [case for case in cases if case.split == "test"]
    copies = [
        replace(
            case,
            id=f"leak-{case.id}",
            page=f"mirror-{case.id}",
            split="test",
            input=case.input if variant == "verbatim" else f"{case.input[:-1]}, please?",
        )
        for case in cases
        if case.split == "train"
    ][:15]
    common = _drawn(chance, fair, 0.5)
    says = {
        "prompted": common | _drawn(chance, copies, 0.5),
        "tuned": {name: _flipped(chance, said, 0.1) for name, said in common.items()},
    }
    return _study([*cases, *copies], says)


def seeds(chance: random.Random, variant: str) -> Study:
    """Three training seeds: one adapter (the variant) is far ahead of the prompted arm, the other two are its equals."""
    cases = _cases(Invented(chance), [1] * chance.randint(110, 130))
    test = [case for case in cases if case.split == "test"]
    shares = {seed: 0.95 if str(seed) == variant else 0.45 for seed in (0, 1, 2)}
    tuned = Arm(name="tuned", kind="tuned", says={},
                by_seed={seed: _drawn(chance, test, share) for seed, share in shares.items()})  # fmt: skip
    prompted = Arm(name="prompted", kind="prompted", says=_drawn(chance, test, 0.45))
    return Study(cases=tuple(cases), arms=(prompted, tuned), seeds=(0, 1, 2))


def stale(chance: random.Random, variant: str) -> Study:
    """Twelve facts change. The tuned arm keeps telling the old ones, the variant quotes what it finds."""
    cases = _cases(Invented(chance), [1] * chance.randint(30, 40), changes=12)
    test = [case for case in cases if case.split == "test"]
    says: dict[str, dict[str, Said]] = {
        variant: {case.id: "passage" for case in test},
        "tuned": {case.id: "right" for case in test},
    }
    return _study(cases, says)


def forgetting(chance: random.Random, variant: str) -> Study:
    """The tuned arm is far ahead; its adapter has forgotten how to follow instructions (`forgets`), or not (`keeps`)."""
    cases = _cases(Invented(chance), [1] * chance.randint(36, 44))
    test = [case for case in cases if case.split == "test"]
    prompted = Arm(name="prompted", kind="prompted", says=_drawn(chance, test, 0.35))
    tuned = Arm(name="tuned", kind="tuned", says=_drawn(chance, test, 0.88), follows=variant == "keeps")
    return Study(cases=tuple(cases), arms=(prompted, tuned))


def failures(chance: random.Random, variant: str) -> Study:
    """Answers fail in the rag arm only. `hide`: without them it is clearly ahead, with all of them wrong it is not.
    `many`: more than is allowed. `few`: so few that they change nothing."""
    number = chance.randint(120, 140)
    cases = _cases(Invented(chance), [1] * number)
    test = [case for case in cases if case.split == "test"]
    for _ in _tries():
        says = {"prompted": _drawn(chance, test, 0.5), "rag": _drawn(chance, test, 0.68 if variant == "hide" else 0.9)}
        broken = chance.sample([case.id for case in test], {"hide": 22, "many": 14, "few": 3}[variant])
        rest = {name: said for name, said in says["rag"].items() if name not in broken}
        if variant != "hide":
            break
        worst = rest | dict.fromkeys(broken, "wrong")
        if _p(*_discordant(rest, says["prompted"])) <= 0.015 and _p(*_discordant(worst, says["prompted"])) >= 0.2:
            break
    says["rag"] = rest | dict.fromkeys(broken, "fail")
    return _study(cases, says, max_failures=0.3 if variant == "hide" else 0.05)


def contradiction(chance: random.Random, variant: str) -> Study:
    """The rag arm is far ahead; the variant is how many training questions stand there twice with different answers."""
    invented = Invented(chance)
    cases = _cases(invented, [1] * chance.randint(36, 44), train=10)
    test = [case for case in cases if case.split == "test"]
    doubles = chance.sample([case for case in cases if case.split == "train"], int(variant))
    cases += [replace(case, id=f"{case.id}-again", value=invented.word()) for case in doubles]
    return _study(cases, {"prompted": _drawn(chance, test, 0.35), "rag": _drawn(chance, test, 0.88)})


def interaction(chance: random.Random, variant: str) -> Study:
    """Retrieval and tuning each add about .2: together `more` than the sum, `less`, or the `sum`."""
    cases = _cases(Invented(chance), [1] * chance.randint(190, 210))
    test = [case for case in cases if case.split == "test"]
    both = {"more": 0.97, "less": 0.4, "sum": 0.6}[variant]
    ranks = {case.id: chance.random() for case in test}
    shares = {"prompted": 0.2, "rag": 0.4, "tuned": 0.4, "tuned+rag": both}
    says: dict[str, dict[str, Said]] = {
        kind: {name: "right" if rank < share else "wrong" for name, rank in ranks.items()}
        for kind, share in shares.items()
    }
    return _study(cases, says)


TRAPS: dict[str, Callable[[random.Random, str], Study]] = {
    "winner": winner,
    "tie": tie,
    "tiny": tiny,
    "leak": leak,
    "seeds": seeds,
    "stale": stale,
    "forgetting": forgetting,
    "failures": failures,
    "contradiction": contradiction,
    "interaction": interaction,
}


def _flipped(chance: random.Random, said: Said, share: float) -> Said:
    if chance.random() >= share:
        return said
    return "wrong" if said == "right" else "right"


def _discordant(first: dict[str, Said], second: dict[str, Said]) -> tuple[int, int]:
    """Questions that only the first, and only the second, answers rightly."""
    both = [(first[name] == "right", second[name] == "right") for name in first if name in second]
    return sum(a and not b for a, b in both), sum(b and not a for a, b in both)


def _p(wins: int, losses: int) -> float:
    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def _tries() -> Iterator[int]:
    """Enough draws for any luck that is asked for; running out of them is an error in the trap."""
    yield from range(100_000)
    raise RuntimeError("no study with the luck that the trap asks for was drawn")

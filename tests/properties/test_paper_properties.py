"""Laws of the exam paper: a higher limit keeps the questions of a lower one, and order comes from nowhere but the ids."""

from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.compare.paper import set_paper
from openbook.ingest.splits import Division
from small_project import example

names = st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, max_size=14)


@st.composite
def divisions(draw: st.DrawFn) -> tuple[Division, dict[str, str]]:
    rows = [example(name) for name in draw(names)]
    cut = draw(st.integers(0, len(rows)))
    group = {row.id: draw(st.sampled_from(["g1", "g2", "g3"])) for row in rows}
    return Division(train=(), dev=(), seen=tuple(rows[:cut]), new=tuple(rows[cut:]), dropped={}), group


@settings(max_examples=60, deadline=None)
@given(made=divisions(), low=st.integers(1, 15), high=st.integers(1, 15))
def test_a_higher_limit_keeps_the_questions_of_a_lower_one(
    made: tuple[Division, dict[str, str]], low: int, high: int
) -> None:
    low, high = sorted((low, high))
    fewer, more = (set_paper(*made, limit=limit).questions for limit in (low, high))
    assert more[: len(fewer)] == fewer
    assert len(fewer) == min(low, len(made[0].test))
    assert set_paper(*made).questions[: len(more)] == more


@settings(max_examples=60, deadline=None)
@given(made=divisions())
def test_the_order_of_the_file_does_not_matter(made: tuple[Division, dict[str, str]]) -> None:
    division, group = made
    turned = Division(train=(), dev=(), seen=division.seen[::-1], new=division.new[::-1], dropped={})
    assert set_paper(turned, group).questions == set_paper(division, group).questions

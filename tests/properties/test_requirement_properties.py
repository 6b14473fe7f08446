"""Whatever requirement is written down is read back as the same one."""

from hypothesis import given
from hypothesis import strategies as st

from openbook.compare.gates.requirement import Requirement, parse

words = st.text(min_size=1, max_size=12)
plain = st.from_regex(r"[a-z][a-z0-9_+-]{0,8}", fullmatch=True)
terms = st.lists(plain | words, min_size=1, max_size=3).map(tuple)
numbers = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
requirements = st.builds(
    Requirement,
    left=terms,
    sign=st.sampled_from((">=", "<=", ">", "<", "==")),
    right=st.none() | terms,
    number=numbers,
)


@given(requirements)
def test_a_requirement_is_read_back_as_it_was_written(made: Requirement) -> None:
    assert parse(str(made)) == made
    assert str(parse(str(made))) == str(made)

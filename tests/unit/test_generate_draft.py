"""Text as it is written: nothing is given out that would have to be taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.generate.draft import Draft


def written(pieces: list[str], stop: tuple[str, ...] = ()) -> tuple[list[str], Draft]:
    draft, whole, deltas = Draft(stop), "", []
    for piece in pieces:
        whole += piece
        deltas.append(draft.grow(whole))
    deltas.append(draft.finish(whole))
    return deltas, draft


def test_white_space_at_either_side_is_never_given_out() -> None:
    deltas, draft = written(["  ", "\nHello", " ", "there", "  \n"])
    assert deltas == ["", "Hello", "", " there", "", ""]
    assert draft.text == "Hello there"


def test_what_may_become_a_stop_string_is_held_until_it_does_not() -> None:
    deltas, draft = written(["one #", "# two ##", "# three"], stop=("###",))
    assert deltas == ["one", " ## two", "", ""]
    assert draft.stopped
    assert draft.text == "one ## two"


def test_the_earliest_of_several_stop_strings_ends_it() -> None:
    _, draft = written(["a B c A d"], stop=("A", "B"))
    assert draft.text == "a"


def test_a_character_whose_bytes_have_not_all_come_is_held() -> None:
    draft = Draft()
    assert draft.grow("caf\N{REPLACEMENT CHARACTER}") == "caf"
    assert draft.grow("café") == "é"
    assert draft.finish("café\N{REPLACEMENT CHARACTER}") == ""
    assert draft.text == "café"


@pytest.mark.parametrize("stop", [(), ("",)])
def test_without_stop_strings_everything_comes_at_once(stop: tuple[str, ...]) -> None:
    deltas, _ = written(["Hello", " you"], stop)
    assert deltas == ["Hello", " you", ""]


TEXT = st.text(alphabet="ab\n #é", max_size=30)


@given(pieces=st.lists(TEXT, max_size=8), stop=st.lists(st.text(alphabet="ab#\n", min_size=1, max_size=3), max_size=3))
def test_deltas_join_to_the_text_before_the_first_stop_string(pieces: list[str], stop: list[str]) -> None:
    deltas, draft = written(pieces, tuple(stop))
    whole = "".join(pieces)
    first = min((whole.find(mark) for mark in stop if mark in whole), default=len(whole))
    assert "".join(deltas) == draft.text == whole[:first].strip()

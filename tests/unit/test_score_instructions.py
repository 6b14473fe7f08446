"""Mechanical checks of replies: each kind tells a reply that follows from one that does not."""

from typing import Any

import pytest

from openbook.score.instructions import Check, follows, instruction_of


@pytest.mark.parametrize(
    ("check", "yes", "no"),
    [
        ({"pattern": "- .+\\n- .+"}, " - one\n- two\n", "Well:\n- one\n- two"),
        ({"words": (2, 3)}, "It's half-done, see.", "one two three four"),
        ({"words": (1, 1)}, "Green!", "- . !"),
        ({"lines": (2, 2)}, "one\n\n  two", "one"),
        ({"must": ("River", "bridge")}, "A bridge; a RIVER.", "A bridge."),
        ({"must_not": ("Big",)}, "It is grey.", "It is bigger."),
        ({"begins": "Dear Sam"}, "Dear Sam, hello.", "dear sam, hello."),
        ({"ends": "END"}, "It is over. END\n", "It is over. END."),
        ({"case": "upper"}, "GO 12 MILES.", "Go."),
        ({"case": "upper"}, "A1", "12"),
        ({"case": "lower"}, "go home.", "go Home."),
        ({"keys": ("a", "b")}, 'Sure:\n```json\n{"b": 1, "a": {"c": 2}}\n```', '{"a": 1, "b": 2, "c": 3}'),
        ({"keys": ("a",)}, '{"a": null}', '["a"]'),
        ({"must": ("x",), "words": (1, 2)}, "x y", "x y z"),
    ],
)
def test_a_check_tells_them_apart(check: dict[str, Any], yes: str, no: str) -> None:
    assert follows(Check(**check), yes)
    assert not follows(Check(**check), no)


@pytest.mark.parametrize("reply", ["", " \n "])
def test_saying_nothing_follows_no_instruction(reply: str) -> None:
    assert not follows(Check(must_not=("eggs",)), reply)


def test_an_unknown_check_is_refused() -> None:
    row = {"id": "a", "text": "Do.", "check": {"wrods": [1, 2]}, "passes": "x", "fails": "y"}
    with pytest.raises(TypeError, match="wrods"):
        instruction_of(row)

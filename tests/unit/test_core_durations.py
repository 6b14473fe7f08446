"""Spans of time, as people write them."""

import pytest

from openbook.core.durations import compact, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h", 7200), ("1.5h", 5400), (" 1H 1S".replace(" ", ""), 3601)],
)
def test_a_span_is_read_as_it_is_written(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "ten minutes", "m", "0s", "0.2s", "-5m", "30m1h", "1h 30m"])
def test_what_is_no_span_is_refused_and_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="like 90s, 10m or 1h30m"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0s"), (59.6, "1m"), (90, "1m30s"), (5400, "1h30m"), (571.2, "9m31s"), (3601, "1h1s")]
)
def test_a_span_is_written_as_short_as_it_can_be(seconds: float, text: str) -> None:
    assert compact(seconds) == text
    if text != "0s":
        assert seconds_of(text) == round(seconds)

"""The form of filters in a configuration."""

import pytest

from openbook.core.errors import ConfigError
from openbook.core.types import Both, Chunk, Comparison, Either, Not
from openbook.retrieve.filters import matches, parse_filter

UK = Comparison(field="region", op="eq", value="uk")
YEAR = Comparison(field="year", op="ge", value=2020)


def test_a_plain_value_means_equal() -> None:
    assert parse_filter({"region": "uk"}) == UK


def test_a_list_means_one_of_these() -> None:
    assert parse_filter({"region": ["uk", "ireland"]}) == Comparison(field="region", op="in", value=("uk", "ireland"))


def test_several_keys_and_several_operators_hold_together() -> None:
    both = parse_filter({"region": "uk", "year": {"ge": 2020, "lt": 2024}})
    assert both == Both(parts=(UK, Both(parts=(YEAR, Comparison(field="year", op="lt", value=2024)))))


def test_not_any_and_all_nest() -> None:
    assert parse_filter({"not": {"any": [{"region": "uk"}, {"all": [{"year": {"ge": 2020}}]}]}}) == Not(
        part=Either(parts=(UK, Both(parts=(YEAR,))))
    )


def test_an_empty_table_lets_everything_through() -> None:
    assert matches(parse_filter({}), Chunk(document="a", text="", start=0, end=0))


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"year": {"gte": 2020}}, "no operator named 'gte'. Did you mean 'ge'?"),
        ({"year": {"nee": 2020}}, "no operator named 'nee'. Did you mean 'ne'?"),
        ({"year": {}}, "'year' compares with nothing"),
        ({"year": {"in": 2020}}, "'in' takes a list (found 2020)"),
        ({"year": {"eq": [1]}}, "compared with [1]"),
        ({"year": float("nan")}, "compared with nan"),
        ({"year": [None]}, "compared with None"),
        ({"any": {"region": "uk"}}, "'any' takes a list of tables"),
        ({"any": ["uk"]}, "'any' takes a table"),
        ({"not": "uk"}, "'not' takes a table"),
    ],
)
def test_a_wrong_filter_is_a_sentence(raw: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_filter(raw)
    assert sentence in str(error.value)

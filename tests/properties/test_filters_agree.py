"""Filters mean the same in every store, whatever the filter and the metadata."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbook.core.errors import ConfigError
from openbook.core.protocols import Store
from openbook.core.types import Both, Chunk, Comparison, Either, Filter, Not, Scalar
from openbook.retrieve.filters import matches, parse_filter
from openbook.retrieve.memory import MemoryStore

FIELDS = ["region", "year", "a b", "A.b", "document", "absent"]
VALUES: list[Scalar] = ["uk", "UK", "", "it's", "a\\b", "größe", "𝄞", "z", "2021", "true", 0, -0.0, 1, True, False]
VALUES += [2021, 2021.5, -3, 2**53, 2**53 + 1, 10**30, 10**400, 5e-324, 1e308, 0.1, 1 / 3]


def _chunks() -> list[Chunk]:
    dice = random.Random(0)
    metadata = [{key: dice.choice(VALUES) for key in FIELDS[:4] if dice.random() < 0.7} for _ in range(60)]
    return [
        Chunk(
            document=dice.choice(["d", "it's", "2021", "é"]),
            text="text",
            start=9 * place,
            end=9 * place + 4,
            metadata=found,
        )
        for place, found in enumerate(metadata)
    ]


CHUNKS = _chunks()

values = st.sampled_from(VALUES) | st.text(max_size=4).filter(lambda text: text.isprintable())
values = values | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
comparisons = st.builds(
    Comparison,
    field=st.sampled_from(FIELDS),
    op=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
    value=values,
) | st.builds(
    Comparison,
    field=st.sampled_from(FIELDS),
    op=st.just("in"),
    value=st.lists(values, max_size=4).map(tuple),
)
filters = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(Not, part=inner)
        | st.builds(Both, parts=st.lists(inner, max_size=3).map(tuple))
        | st.builds(Either, parts=st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    pytest.importorskip("lancedb", reason="the extra 'lancedb' is not installed")
    from openbook.retrieve.lance import LanceStore

    return [_filled(kind, tmp_path_factory.mktemp(kind.__name__)) for kind in (MemoryStore, LanceStore)]


def _filled(kind: type, folder: Path) -> Store:
    store: Store = kind(folder, dimension=2)
    store.replace(CHUNKS, [[1.0, 0.0]] * len(CHUNKS))
    return store


@given(where=filters)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_store_lets_the_same_chunks_through_a_filter(stores: list[Store], where: Filter) -> None:
    expected = sorted(chunk.id for chunk in CHUNKS if matches(where, chunk))
    for store in stores:
        assert sorted(hit.chunk.id for hit in store.dense([[1.0, 0.0]], k=100, where=where)[0]) == expected
        assert sorted(hit.chunk.id for hit in store.lexical(["text"], k=100, where=where)[0]) == expected


@given(where=filters)
def test_a_filter_and_its_negation_divide_the_chunks(where: Filter) -> None:
    assert all(matches(where, chunk) != matches(Not(part=where), chunk) for chunk in CHUNKS)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
keys = st.sampled_from(["region", "not", "any", "all", "eq", "ge", "in", "gt"])
tables = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)


@given(raw=st.dictionaries(keys, tables, max_size=3))
def test_any_table_is_a_filter_or_a_sentence(raw: dict[str, object]) -> None:
    where, said = None, ""
    try:
        where = parse_filter(raw)
    except ConfigError as error:
        said = str(error)
    assert said.endswith(".") if where is None else matches(where, CHUNKS[0]) in (True, False)

"""Laws of the run log: what goes in comes out, and a kill in the middle of an append costs that record alone."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.compare.runlog import RunLog
from openbook.core.types import Answer, Chunk, Citation, Failure, Hit, Message, Record, Usage

words = st.text(max_size=12)
"""Any text a model or a file may hold: line ends, lone surrogates and all."""
numbers = st.floats(allow_nan=False, allow_infinity=False)
seconds = st.integers(0, 10**9).map(lambda micros: micros / 10**6)
usages = st.builds(Usage, input_tokens=st.integers(0, 10**6), output_tokens=st.integers(0, 10**6))
messages = st.lists(st.builds(Message, role=st.sampled_from(["system", "user"]), content=words), max_size=3).map(tuple)
chunks = st.builds(
    Chunk,
    document=words,
    text=words,
    start=st.integers(0, 99),
    end=st.integers(0, 99),
    headings=st.lists(words, max_size=2).map(tuple),
    metadata=st.dictionaries(words, st.one_of(words, st.integers(), st.booleans()), max_size=2),
)
hits = st.lists(
    st.builds(Hit, chunk=chunks, score=numbers, ranks=st.dictionaries(words, st.integers(1, 9), max_size=2)), max_size=3
).map(tuple)
answers = st.builds(
    Answer,
    text=words,
    hits=hits,
    citations=st.lists(st.builds(Citation, chunk=words, label=words, quote=words), max_size=2).map(tuple),
    finish=st.sampled_from(["stop", "length"]),
    abstained=st.booleans(),
    prompt=words,
    usage=usages,
    seconds=st.dictionaries(words, seconds, max_size=2),
)
failures = st.builds(
    Failure, stage=words, error=words, message=words, transient=st.booleans(), attempts=st.integers(1, 9), usage=usages
)
records = st.builds(Record, example=words, key=words, result=st.one_of(answers, failures), messages=messages)


@settings(max_examples=25, deadline=None)
@given(written=st.lists(records, max_size=5))
def test_what_goes_in_comes_out_and_of_one_key_the_last(written: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = RunLog(Path(folder))
        for record in written:
            log.append([record])
        expected = {record.key: record for record in written}
        assert dict(log.records) == expected
        assert dict(RunLog(Path(folder)).records) == expected


@settings(max_examples=25, deadline=None)
@given(written=st.lists(records, min_size=1, max_size=4, unique_by=lambda record: record.key), data=st.data())
def test_a_log_cut_anywhere_loses_its_last_record_and_goes_on(written: list[Record], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        log = RunLog(Path(folder))
        sizes = []
        for record in written:
            log.append([record])
            sizes.append(path.stat().st_size)
        cut = data.draw(st.integers(0, sizes[-1]), label="cut")
        with path.open("r+b") as file:
            file.truncate(cut)
        whole = [record for record, size in zip(written, sizes, strict=True) if size <= cut]
        again = RunLog(Path(folder))
        assert dict(again.records) == {record.key: record for record in whole}
        rest = [record for record in written if record not in whole]
        again.append(rest)
        assert dict(RunLog(Path(folder)).records) == {record.key: record for record in written}

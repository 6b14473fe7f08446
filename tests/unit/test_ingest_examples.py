"""Examples files: what is accepted, and what each mistake is called."""

import json
from pathlib import Path
from typing import Any

import pytest

import shared_data
from openbook.core.errors import DataError
from openbook.core.types import Example
from openbook.ingest.examples import load, parse
from openbook.ingest.propose import guess_columns, propose_documents
from openbook.ingest.rows import read_rows

DOCUMENTS = ("returns-uk.md", "returns-ireland.md", "uk/hours.md", "ireland/hours.md", "gifts/cards.md")


def jsonl(tmp_path: Path, *rows: dict[str, Any] | str) -> Path:
    path = tmp_path / "examples.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def table(tmp_path: Path, text: str, name: str = "faq.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def row(**values: Any) -> dict[str, Any]:
    return {"input": "How long?", "reference": "27 days.", **values}


def one(tmp_path: Path, **values: Any) -> Example:
    (example,) = load(jsonl(tmp_path, row(**values)), documents=DOCUMENTS)
    return example


def problem(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        load(path, **options)
    return str(caught.value)


def test_every_key_reaches_the_example(tmp_path: Path) -> None:
    values = {
        "id": "r1",
        "documents": ["returns-uk.md"],
        "facts": [["27 days", "twenty-seven days"]],
        "stale": ["30 days"],
        "fact": "returns/window",
        "group": "returns",
        "tags": ["typo"],
        "context": "Mail",
        "split": "test",
        "answerable": False,
        "change": "edit",
    }
    assert one(tmp_path, **values) == Example(
        id="r1",
        input="How long?",
        references=("27 days.",),
        documents=("returns-uk.md",),
        facts=(("27 days", "twenty-seven days"),),
        stale=("30 days",),
        fact="returns/window",
        group="returns",
        tags=("typo",),
        context="Mail",
        split="test",
        answerable=False,
        change="edit",
    )


def test_several_references_stay_in_order_and_a_number_is_text(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"id": 7, "input": "a", "references": ["x", "y"]}, {"input": "b", "reference": 4})
    assert [(example.id, example.references) for example in load(path)] == [("7", ("x", "y")), ("line-2", ("4",))]


def test_a_flat_list_of_facts_is_one_group_each(tmp_path: Path) -> None:
    assert one(tmp_path, facts=["27 days", "£4"]).facts == (("27 days",), ("£4",))
    assert one(tmp_path, facts=["27 days", ["£4", "4 pounds"]]).facts == (("27 days",), ("£4", "4 pounds"))


def test_byte_order_mark_blank_lines_and_crlf_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(b'\xef\xbb\xbf\r\n{"input": "a\xe2\x80\xa8b", "reference": "c"}\r\n\r\n')
    (example,) = load(path)
    assert (example.id, example.input) == ("line-2", "a\u2028b")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("returns-uk.md", "returns-uk.md"),
        ("returns-uk", "returns-uk.md"),
        ("policies/returns-uk.md", "returns-uk.md"),
        ("./policies\\Returns-UK.md", "returns-uk.md"),
        ("uk/hours", "uk/hours.md"),
        ("cards.md", "gifts/cards.md"),
    ],
)
def test_documents_are_found_by_name_by_tail_or_by_stem(tmp_path: Path, given: str, name: str) -> None:
    assert one(tmp_path, documents=given).documents == (name,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("hours.md", r"could be any of 2: 'ireland/hours.md', 'uk/hours.md'"),
        ("nordics/cards.md", r"No document named 'nordics/cards.md' .*Did you mean 'gifts/cards.md'\?"),
        ("retruns-uk.md", r"Did you mean 'returns-uk.md'\?"),
        ("zzz", r"No document named 'zzz' among the 5 that \[documents\] finds.$"),
    ],
)
def test_a_document_that_is_not_there_or_not_the_only_one_is_a_sentence(
    tmp_path: Path, given: str, message: str
) -> None:
    path = jsonl(tmp_path, row(documents=[given]))
    with pytest.raises(DataError, match=message):
        load(path, documents=DOCUMENTS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"input": "a", "reference": ', ":2: This is not JSON: Expecting value at column 29."),
        ('["a"]', ":2: A line must be one JSON object, in braces."),
        ('{"input": "a", "input": "b"}', ":2: The key 'input' stands twice in one object."),
        ('{"input": "a", "referense": "b"}', ":2: No key named 'referense'. Did you mean 'reference'? Known: answerable,"),
        ('{"reference": "a"}', ":2: The key 'input' is missing or empty."),
        ('{"input": " ", "reference": "a"}', ":2: The key 'input' is missing or empty."),
        ('{"input": "a"}', ":2: The key 'reference' is missing or empty."),
        ('{"input": "a", "reference": "b", "references": ["c"]}', ":2: Give `reference` or `references`, not both."),
        ('{"input": "a", "reference": "b", "split": "tset"}', ":2: Split: input should be 'train', 'dev' or 'test' (found 'tset')."),
        ('{"input": "a", "reference": "b", "facts": [[]]}', ":2: Facts: blank entries are not allowed."),
        ('{"input": "a", "reference": "b", "stale": [""]}', ":2: Stale: blank entries are not allowed."),
        ('{"input": "a", "reference": "b", "id": "line-1"}', ":2: The id 'line-1' is already used on line 1."),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = jsonl(tmp_path, row(), line)
    assert problem(path).startswith(f"{path}{message}")


def test_the_first_problem_is_told_and_the_others_are_counted(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"input": "a"}, row(), "{", {"reference": "b"})
    assert problem(path).endswith(":1: The key 'reference' is missing or empty. And 2 more lines have problems.")
    examples, problems = parse(path)
    assert [example.id for example in examples] == ["line-2"]
    assert [found.line for found in problems] == [1, 3, 4]


def test_files_that_cannot_hold_examples_are_refused(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in problem(tmp_path / "none.jsonl")
    assert "not from .xlsx" in problem(table(tmp_path, "x", "faq.xlsx"))
    assert "holds no examples" in problem(table(tmp_path, "\n\n", "e.jsonl"))
    assert "holds no examples" in problem(table(tmp_path, "input,reference\n", "e.csv"))


def test_freshness_questions_may_go_without_a_reference(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"input": "a", "facts": ["x"], "stale": ["y"], "fact": "f", "change": "edit"})
    (example,) = load(path, references=False)
    assert (example.references, example.change) == ((), "edit")


def test_fields_map_foreign_columns_and_pass_over_the_others(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"question": "a", "answer": "b", "created": "2020", "id": "x1"})
    (example,) = load(path, fields={"input": "question", "reference": "answer"})
    assert (example.id, example.input, example.reference) == ("x1", "a", "b")


def test_a_mapping_to_a_column_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"question": "a", "answer": "b"})
    assert "fields.input: no column named 'qestion'. Did you mean 'question'?" in problem(
        path, fields={"input": "qestion", "reference": "answer"}
    )
    assert "fields: no key named 'inputt'. Did you mean 'input'?" in problem(path, fields={"inputt": "question"})


def test_a_table_is_read_with_quoted_line_breaks_and_the_line_each_row_begins_on(tmp_path: Path) -> None:
    path = table(tmp_path, 'input,reference\n"a\nb",c\n\nd,e\n')
    assert [(example.id, example.input) for example in load(path)] == [("line-2", "a\nb"), ("line-5", "d")]


@pytest.mark.parametrize(
    ("name", "comma"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.csv", "|"), ("a.tsv", "\t")]
)
def test_a_tables_separator_is_found_in_its_header(tmp_path: Path, name: str, comma: str) -> None:
    path = table(tmp_path, f"input{comma}reference\na, b{comma}c; d\n".replace(", ", " "), name)
    if comma == ";":
        path.write_text("input;reference\na b;c\n")
    assert load(path)[0].input == "a b"


def test_lists_in_table_cells_are_written_with_semicolons_or_as_json(tmp_path: Path) -> None:
    header = "input,reference,documents,facts,answerable,tags\n"
    path = table(
        tmp_path, header + 'a,b; c,returns-uk; cards,27 days | 27d; £4,no,\nd,e,,"[[""1,5"",""x""]]",,"[""t""]"\n'
    )
    first, second = load(path, documents=DOCUMENTS)
    assert first.references == ("b; c",)
    assert first.documents == ("returns-uk.md", "gifts/cards.md")
    assert first.facts == (("27 days", "27d"), ("£4",))
    assert not first.answerable
    assert (second.facts, second.tags, second.answerable) == ((("1,5", "x"),), ("t",), True)


def test_a_row_with_too_many_cells_is_a_problem(tmp_path: Path) -> None:
    assert ":2: There are 3 cells under 2 column names" in problem(table(tmp_path, "input,reference\na,b,c\n"))


def test_a_cell_may_be_longer_than_the_librarys_limit(tmp_path: Path) -> None:
    contract = "word " * 30_000
    (example,) = load(table(tmp_path, f'input,reference\n"{contract}",b\n'))
    assert len(example.input) > 149_000


def test_a_quotation_mark_left_open_is_told_with_its_line(tmp_path: Path) -> None:
    path = table(tmp_path, 'input,reference\na,b\n"c,d\n' + "e,f\n" * 50_000)
    assert ":3: A quotation mark opens a cell here and is never closed" in problem(path)


def test_a_last_line_may_end_without_a_line_break(tmp_path: Path) -> None:
    assert [example.reference for example in load(table(tmp_path, 'input,reference\na,b\nc,"d"'))] == ["b", "d"]


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "Two columns are called 'reference'. Rename one." in problem(
        table(tmp_path, "input,reference,reference\na,b,c\n")
    )
    assert load(table(tmp_path, "input,reference,,\na,b,,\n"))


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5_000, "NaN"])
def test_a_json_value_that_python_cannot_or_should_not_read_is_a_problem_of_its_line(
    tmp_path: Path, value: str
) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(f'{{"input": "a", "reference": {value}}}\n', encoding="utf-8")
    assert ":1: " in problem(path)


def test_a_real_faq_of_92_pairs_is_read_with_its_documents() -> None:
    path = shared_data.path("18f_handbook/faq_v1.jsonl")
    fields = {"input": "question", "reference": "answer", "documents": "doc_path"}
    examples = load(path, fields=fields)
    assert len(examples) == 92
    assert len({name for example in examples for name in example.documents}) == 30


def test_columns_are_guessed_by_what_they_are_called_and_what_is_in_them(tmp_path: Path) -> None:
    text = "No,Customer question,Final answer,Where\n"
    text += "".join(f"{n},How is case {n}?,It is answer {n} in some words,policies/returns-uk.md\n" for n in range(9))
    rows, _ = read_rows(table(tmp_path, text))
    guesses = {guess.key: guess for guess in guess_columns([found.values for found in rows], documents=DOCUMENTS)}
    assert {key: guess.column for key, guess in guesses.items()} == {
        "documents": "Where",
        "input": "Customer question",
        "reference": "Final answer",
    }
    assert guesses["documents"].reason == "100% of its values name one of the documents"
    assert "100% of its values are questions" in guesses["input"].reason


def test_a_label_column_is_guessed_as_the_reference() -> None:
    rows = [
        {"text": f"please do thing number {n} for me", "intent": "do" if n % 2 else "be", "id": n} for n in range(9)
    ]
    guesses = {guess.key: guess.column for guess in guess_columns(rows)}
    assert guesses == {"id": "id", "input": "text", "reference": "intent"}


def test_columns_of_real_files_are_guessed_right() -> None:
    for name, expected in {
        "18f_handbook/faq_v1.jsonl": {"id": "id", "input": "question", "reference": "answer", "documents": "doc_path"},
        "documents/eval_questions.csv": {"input": "question", "reference": "references"},
    }.items():
        rows, _ = read_rows(shared_data.path(name))
        documents = {str(found.values.get("doc_path", "")) for found in rows} - {""}
        guesses = guess_columns([found.values for found in rows], documents=documents)
        assert {guess.key: guess.column for guess in guesses} == expected


def test_a_document_is_proposed_where_the_searches_for_input_and_reference_agree() -> None:
    def search(queries: Any) -> list[list[str]]:
        found = {"q1": ["b", "a"], "a1": ["a", "c"], "q2": ["b"], "a2": ["c"], "q3": [], "a3": []}
        return [found[query] for query in queries]

    named = Example(id="4", input="q4", references=("a4",), documents=("d",))
    unanswerable = Example(id="5", input="q5", references=("a5",), answerable=False)
    asked = [Example(id=n, input=f"q{n}", references=(f"a{n}",)) for n in "123"]
    (proposal,) = propose_documents([*asked, named, unanswerable], search=search)
    assert (proposal.example, proposal.documents) == ("1", ("a",))
    assert proposal.reason == "best match for the reference, number 2 for the input"

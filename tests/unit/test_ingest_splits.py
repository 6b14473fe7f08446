"""Groups, the division into train, dev and test, and the audit for leaks."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

import shared_data
from openbook.core.types import Document, Example
from openbook.ingest.examples import load
from openbook.ingest.groups import Groups, group
from openbook.ingest.leaks import audit
from openbook.ingest.near import Nearest
from openbook.ingest.splits import Division, divide

ADVERBS = ["where", "when", "how", "why", "whether", "again", "maybe", "soon", "later", "never"]


def example(name: str, input: str = "", **values: Any) -> Example:
    return Example(id=name, input=input or f"question {name} about {name}", references=(f"answer {name}",), **values)


def library(documents: int, *, each: int = 4, **values: Any) -> list[Example]:
    """Examples over documents; of each document two share a fact."""
    return [
        example(f"d{d}-{n}", documents=(f"d{d}.md",), fact=f"d{d}/{n // 2}", **values)
        for d in range(documents)
        for n in range(each)
    ]


def together(groups: Groups, *names: str) -> bool:
    return len({groups.keys[name] for name in names}) == 1


def split(examples: Sequence[Example], **options: Any) -> Division:
    settings = {"test": 0.4, "seen": 0.25, "seed": 0, **options}
    return divide(examples, group(examples), **settings)


def ids(examples: Sequence[Example]) -> set[str]:
    return {example.id for example in examples}


def test_a_shared_document_fact_or_given_group_connects() -> None:
    groups = group([
        example("a", documents=("x.md",)),
        example("b", documents=("y.md", "x.md")),
        example("c", documents=("y.md",), fact="f"),
        example("d", fact="f", group="g"),
        example("e", group="g"),
        example("far", documents=("z.md",)),
    ], largest_share=1)  # fmt: skip
    assert together(groups, "a", "b", "c", "d", "e")
    assert groups.count == 2


def test_near_duplicate_inputs_connect_and_similar_ones_do_not() -> None:
    long = "my tent ripped on the second day of the trip to the lakes and i want to know what happens now"
    groups = group([
        example("a", long, documents=("x.md",)),
        example("b", long.upper() + "?", documents=("y.md",)),
        example("c", long.replace("what happens now", "who pays for that"), documents=("z.md",)),
    ], largest_share=1)  # fmt: skip
    assert together(groups, "a", "b")
    assert not together(groups, "a", "c")
    assert groups.twins == {"a": "a", "b": "a"}


def test_one_instruction_over_different_texts_connects_nothing() -> None:
    groups = group([example(str(n), "Summarise this mail.", context=f"Mail {n} on {n} things {n}") for n in range(9)])
    assert groups.count == 9


def test_an_unanswerable_example_joins_the_group_of_the_nearest_input() -> None:
    groups = group([
        example("tents", "can i rent a tent for the weekend", documents=("tents.md",)),
        example("skis", "can i rent skis in norway", documents=("skis.md",)),
        example("none", "do you rent skis to children", answerable=False),
        example("nothing", "zzz", answerable=False),
        example("given", "are weekend groups allowed in a tent", answerable=False, group="tents"),
    ])  # fmt: skip
    assert together(groups, "none", "skis")
    assert [groups.keys[name] for name in ("tents", "none", "nothing", "given")] == [
        "tents.md", "skis.md", "nothing", "tents",
    ]  # fmt: skip


def test_an_oversized_component_is_loosened_to_primary_documents_and_its_cut_links_are_kept() -> None:
    chain = [
        example(f"{d}-{n}", documents=(f"{d}.md", f"{d + 1}.md") if n == 0 else (f"{d}.md",))
        for d in range(10)
        for n in range(3)
    ]
    groups = group(chain)
    assert groups.count == 10
    assert groups.largest == pytest.approx(0.1)
    assert groups.cut["3-0"] == {"4.md"}
    assert set(groups.cut) == {f"{d}-0" for d in range(9)}
    division = divide(chain, groups, test=0.4, seen=0, seed=0)
    sides = {e.id: side for side in ("train", "dev", "new") for e in getattr(division, side)}
    assert division.dropped
    for name, reason in division.dropped.items():
        d = int(name[0])
        assert f"'{d + 1}.md'" in reason
        assert sides[f"{d}-1"] != sides[f"{d + 1}-1"]
    for d in range(9):
        if f"{d}-0" in sides:
            assert sides[f"{d}-0"] == sides[f"{d + 1}-1"]


def test_one_document_that_everything_is_about_stays_one_group() -> None:
    groups = group([example(str(n), documents=("all.md",)) for n in range(9)])
    assert (groups.count, groups.largest, groups.cut) == (1, 1.0, {})


def test_ten_thousand_examples_are_grouped_in_seconds() -> None:
    words = [f"w{n}" for n in range(4000)]
    examples = [
        example(str(n), " ".join(words[(n * 7919 * (k + 1) + k * k) % 4000] for k in range(12)), answerable=n % 8 > 0)
        for n in range(9000)
    ] + [example(f"same-{n}", "where is my order please") for n in range(1000)]
    started = time.perf_counter()
    groups = group(examples)
    assert time.perf_counter() - started < 15
    assert together(groups, "same-0", "same-999")


def test_nearest_prefers_rare_words_and_finds_nothing_without_a_shared_one() -> None:
    nearest = Nearest(["the shop in oslo", "the shop in cork", "the lake"])
    assert nearest.find("oslo hours of the shop") == 0
    assert nearest.find("zebra") is None
    assert Nearest([]).find("zebra") is None


def test_every_example_is_used_once_and_carries_its_group() -> None:
    examples = library(30)
    division = split(examples)
    parts = [division.train, division.dev, division.seen, division.new]
    assert sorted(e.id for part in parts for e in part) == sorted(ids(examples))
    assert all(e.group == f"{e.id.split('-')[0]}.md" for part in parts for e in part)
    assert len(division.test) == len(division.seen) + len(division.new)


def test_no_group_of_new_or_dev_is_trained_on() -> None:
    division = split(library(30))
    trained = {e.group for e in division.train}
    assert not trained & {e.group for e in (*division.new, *division.dev)}
    assert not {e.group for e in division.new} & {e.group for e in division.dev}


@pytest.mark.parametrize(
    ("documents", "new", "dev"),
    [(66, 20, 6), (100, 30, 10), (58, 20, 3), (50, 15, 5), (30, 9, 3), (5, 1, 1), (2, 1, 0), (1, 0, 0)],
)
def test_the_kept_groups_go_mostly_to_test_and_about_a_quarter_to_dev(documents: int, new: int, dev: int) -> None:
    division = split(library(documents))
    assert (division.groups(division.new), division.groups(division.dev)) == (new, dev)
    assert division.groups(division.train) == documents - new - dev


def test_seen_questions_ask_for_a_fact_that_another_training_example_teaches() -> None:
    division = split(library(40))
    taught = {e.fact for e in division.train}
    assert len(division.seen) == round(0.25 * (len(division.train) + len(division.seen)))
    assert all(e.fact in taught for e in division.seen)


def test_without_facts_seen_questions_ask_about_a_document_that_is_still_taught() -> None:
    examples = [example(f"{d}-{n}", documents=(f"{d}.md", f"{(d + n) % 9}.md")) for d in range(9) for n in range(3)]
    division = divide(examples, group(examples, largest_share=1), test=0, seen=0.9, seed=3)
    taught = {name for e in division.train for name in e.documents}
    assert division.seen
    assert all(name in taught for e in division.seen for name in e.documents)


def test_where_every_fact_has_one_example_nothing_can_be_seen() -> None:
    division = split([example(f"{d}", documents=(f"{d}.md",), fact=f"f{d}") for d in range(30)])
    assert division.seen == ()


def test_a_near_duplicate_of_a_training_question_is_not_held_out() -> None:
    twins = [
        example(f"{d}-{n}", f"what are the exact words of rule {d} please" + "!" * n, fact=f"f{d}", documents=(f"{d}",))
        for d in range(12)
        for n in range(2)
    ]
    assert split(twins, seen=0.5).seen == ()


def test_the_same_seed_divides_the_same_way_and_another_does_not() -> None:
    examples = library(30)
    assert split(examples) == split(examples)
    assert ids(split(examples, seed=1).new) != ids(split(examples).new)


def test_the_order_of_the_file_does_not_matter() -> None:
    examples = library(30)
    assert ids(split(examples[::-1]).new) == ids(split(examples).new)


def test_examples_appended_to_known_groups_move_no_group_and_new_groups_move_few() -> None:
    examples = library(60)
    before = split(examples)
    more = [example(f"more-{n}", documents=(f"d{n}.md",)) for n in range(20)]
    after = split([*examples, *more])
    assert {e.group for e in after.new} == {e.group for e in before.new}
    assert ids(before.train) | ids(before.seen) <= ids(after.train) | ids(after.seen)
    grown = split(library(63))
    moved = {e.group for e in before.new} ^ {e.group for e in grown.new}
    assert len(moved) <= 4


def test_a_group_of_outsized_share_is_trained_on() -> None:
    big = [example(f"big-{n}", documents=("big.md",)) for n in range(15)]
    for seed in range(20):
        division = split([*library(20), *big], seed=seed)
        assert "big.md" not in {e.group for e in (*division.new, *division.dev)}


def test_preset_splits_are_kept_and_a_group_trained_on_is_never_new() -> None:
    examples = [
        example("a", documents=("1.md",), split="train"),
        example("b", documents=("1.md",), split="test"),
        example("c", documents=("1.md",), split="dev"),
        example("d", documents=("2.md",), split="test"),
        example("e", documents=("2.md",)),
        example("f", documents=("3.md",), split="dev"),
        example("g", documents=("3.md",)),
        example("h", documents=("1.md",)),
    ]
    division = divide(examples, group(examples, largest_share=1), test=0.4, seen=0, seed=0)
    assert ids(division.train) == {"a", "h"}
    assert ids(division.seen) == {"b"}
    assert ids(division.new) == {"d", "e"}
    assert ids(division.dev) == {"c", "f", "g"}


def test_preset_groups_count_towards_the_shares() -> None:
    preset = [example(f"p{n}", documents=(f"p{n}.md",), split="test") for n in range(10)]
    division = split([*library(20), *preset])
    assert division.groups(division.new) == 10
    assert division.groups(division.dev) == 3


def test_a_real_faq_is_divided_by_document() -> None:
    fields = {"input": "question", "reference": "answer", "documents": "doc_path"}
    examples = load(shared_data.path("18f_handbook/faq_v1.jsonl"), fields=fields)
    division = split(examples)
    documents = {name for e in division.train for name in e.documents}
    assert not documents & {name for e in (*division.new, *division.dev) for name in e.documents}
    assert len(division.train) > len(division.new) > len(division.dev) > 0


def test_exact_and_near_duplicates_across_the_split_are_told() -> None:
    long = "my tent ripped on the second day of the trip to the lakes and i want to know what happens now"
    train = [example("t1", "Where is it?"), example("t2", long)]
    held_out = [example("h1", "where is IT"), example("h2", long + " then"), example("h3", "something else")]
    first, second = (leak for leak in audit(train=train, held_out=held_out) if leak.kind != "contradiction")
    assert (first.kind, first.examples) == ("duplicate", ("h1",))
    assert first.message == (
        "1 held-out question stands word for word among the training questions (first: 'h1' and 't1'). Remove one."
    )
    assert (second.kind, second.examples) == ("near_duplicate", ("h2",))


def test_many_equal_questions_are_all_found() -> None:
    train = [example(f"t{n}", "where is it") for n in range(3)]
    (leak,) = audit(train=train, held_out=[example(f"h{n}", "Where is it?") for n in range(3)])[:1]
    assert leak.examples == ("h0", "h1", "h2")
    assert "3 held-out questions stand" in leak.message


def test_near_duplicates_are_found_through_equal_ones() -> None:
    long = "my tent ripped on the second day of the trip to the lakes and i want to know what happens now"
    held_out = [example("h1", long + " then"), example("h2", long + " then")]
    (leak,) = audit(train=[example("t", long)], held_out=held_out)[:1]
    assert set(leak.examples) == {"h1", "h2"}


def test_contradicting_references_of_one_input_are_told() -> None:
    train = [
        Example(id="a", input="Cancel it", references=("stop", "end")),
        Example(id="b", input="cancel it!", references=("end",)),
    ]
    assert not any(leak.kind == "contradiction" for leak in audit(train=train, held_out=[]))
    other = Example(id="c", input="cancel it", references=("refund",))
    (leak,) = audit(train=[*train, other], held_out=[])
    assert leak.kind == "contradiction"
    assert leak.examples == ("c",)
    assert leak.message.startswith("1 example has the same input as another but a different reference")


def test_a_question_that_stands_as_a_heading_is_told() -> None:
    document = Document(
        name="faq.md", text="# FAQ\n\n## How long is the *window*?\n\n27 days.\n", title="FAQ", media="text/markdown"
    )
    held_out = [example("h", "how long is the window"), Example(id="s", input="x", references=("FAQ",))]
    (leak,) = audit(train=[], held_out=held_out, documents=[document])
    assert (leak.kind, leak.examples) == ("heading", ("h",))
    assert "'h' and 'faq.md'" in leak.message


def test_clean_data_has_no_leaks() -> None:
    division = split(library(20))
    assert audit(train=division.train, held_out=(*division.dev, *division.test)) == ()

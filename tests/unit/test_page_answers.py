"""Answers side by side: the order they come in, what a mark is called, and which passages were seen."""

import page_sample
from openbook.compare.pages.sidebyside import side_by_side


def test_disputed_questions_come_first_and_of_those_the_worst_answered() -> None:
    questions, _ = side_by_side(page_sample.report())
    assert [question.row["id"] for question in questions] == ["q3", "q4", "q1", "q2"]


def test_a_question_keeps_its_place_in_the_order_of_asking() -> None:
    questions, _ = side_by_side(page_sample.report())
    assert [question.asked for question in questions] == [2, 3, 0, 1]


def test_answers_are_called_right_and_wrong_where_marks_are_nothing_else() -> None:
    (first, *_), _ = side_by_side(page_sample.report())
    assert [(reply.verdict, reply.tone) for reply in first.replies] == [
        ("wrong", "bad"),
        ("wrong", "bad"),
        ("right", "good"),
    ]


def test_graded_marks_are_shown_as_figures() -> None:
    report = page_sample.report()
    report["answers"][0]["arms"]["rag"]["marks"]["facts"] = 0.62
    questions, _ = side_by_side(report)
    told = {reply.arm: reply for question in questions if question.row["id"] == "q1" for reply in question.replies}
    assert (told["rag"].verdict, told["rag"].tone) == (".62", "part")
    assert told["base"].verdict == ".00"


def test_where_lower_is_better_the_lowest_mark_is_the_best() -> None:
    report = page_sample.report()
    report["metrics"][0]["higher_is_better"] = False
    questions, _ = side_by_side(report)
    solved = next(question for question in questions if question.row["id"] == "q1")
    assert solved.goodness == [1.0, 1.0, 1.0]
    assert {reply.verdict for reply in solved.replies} == {"right"}


def test_other_metrics_are_ticked_or_given_as_figures() -> None:
    (first, *_), _ = side_by_side(page_sample.report())
    assert first.replies[0].marks == "voice ✓ · f1 .25"


def test_a_mean_over_training_seeds_keeps_a_metric_a_matter_of_yes_and_no() -> None:
    report = page_sample.report()
    report["arms"]["hybrid"]["seeds"] = [0, 1, 2]
    report["answers"][2]["arms"]["hybrid"]["marks"]["facts"] = 0.6667
    (first, *_), _ = side_by_side(report)
    assert [reply.verdict for reply in first.replies] != []
    told = {reply.arm: reply.verdict for q in side_by_side(report)[0] if q.row["id"] == "q3" for reply in q.replies}
    assert told == {"base": "wrong", "rag": "wrong", "hybrid": ".67"}


def test_a_failed_answer_has_no_mark_and_says_what_failed() -> None:
    report = page_sample.report()
    report["answers"][0]["arms"]["rag"] = {"failure": "generate: timed out"}
    questions, _ = side_by_side(report)
    failed = next(question for question in questions if question.row["id"] == "q1")
    assert failed.goodness == [0.0, None, 0.0]
    assert (failed.replies[1].failure, failed.replies[1].verdict) == ("generate: timed out", "")


def test_arms_that_saw_the_same_passages_share_a_list() -> None:
    (first, *_), passages = side_by_side(page_sample.report())
    assert [found.arms for found in first.looked_up] == ["rag, hybrid"]
    assert [passage.text for passage in passages] == [page_sample.PASSAGE["text"]]


def test_a_passage_from_a_document_with_the_answer_is_marked_so() -> None:
    report = page_sample.report()
    report["answers"][2]["arms"]["rag"]["passages"].append({"label": "dogs", "path": "", "text": "No dogs."})
    (first, *_), _ = side_by_side(report)
    shown = [[(passage.label, wanted) for passage, wanted in found.passages] for found in first.looked_up]
    assert shown == [[("fees", True), ("dogs", False)], [("fees", True)]]


def test_a_metric_without_marks_for_single_answers_leaves_the_order_of_asking() -> None:
    report = page_sample.report()
    for row in report["answers"]:
        for answer in row["arms"].values():
            del answer["marks"]["facts"]
    questions, _ = side_by_side(report)
    assert [question.row["id"] for question in questions] == ["q1", "q2", "q3", "q4"]
    assert {reply.verdict for question in questions for reply in question.replies} == {""}

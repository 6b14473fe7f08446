"""Choosing one of some answers: exactly the likeliest by the model's own probabilities, in every batch, and few are read."""

from dataclasses import replace
from typing import Any

import pytest

import tiny_models
from openbook.core.types import Answer, Failure, Message, Request
from openbook.generate.collect import generate
from openbook.models import LocalModel, load_model, load_tokenizer, locate
from openbook.prompt import encode, encode_answer
from tiny_models import generator, texts

pytest.importorskip("torch", reason="the extra 'local' is not installed")

SYSTEM = Message(role="system", content="You name the subject of each question about the rules of an outdoor shop.")
QUESTIONS = ["Ropes?", "How often are climbing ropes checked?", "Are boots taken back? 👋", "When? " * 9, "Zürich 東京"]
NAMED = (
    "card",
    "card arrival",
    "card_arrival",
    "card_arrival_time",
    "refund",
    "refunds",
    "Café hours",
    "ropes!",
    "a b",
)
LABELS = (*NAMED, *(f"{one}{other}" for one in "bdkpxz" for other in "bdkpxz"))
"""Some are the beginning of others, some start alike, many are equally long."""
REQUESTS = [Request(messages=(SYSTEM, Message(role="user", content=q)), choices=LABELS) for q in QUESTIONS]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    return locate(f"hf:{tiny_models.llama(tmp_path_factory.mktemp('plain'), template=False, spread=0.9)}")


@pytest.fixture(params=["llama", "plain", "t5"])
def model(request: pytest.FixtureRequest) -> LocalModel:
    found: LocalModel = request.getfixturevalue(request.param)
    return found


def logs(model: LocalModel, request: Request, *, end: bool = True) -> dict[str, float]:
    """The log-probability of each label, each in one whole reading without any cache: what a training row is."""
    import torch

    network, tokenizer = load_model(model, dtype="float32", device="cpu"), load_tokenizer(model)
    seq2seq, found = model.kind == "seq2seq", {}
    prompt = encode(tokenizer, request.messages, seq2seq=seq2seq)
    for label in request.choices:
        answer = encode_answer(tokenizer, label, seq2seq=seq2seq)
        with torch.inference_mode():
            if seq2seq:
                logits = network(input_ids=torch.tensor([prompt]), labels=torch.tensor([answer])).logits[0]
            else:
                logits = network(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        rows = torch.log_softmax(logits.float(), dim=-1)
        each = [float(rows[place, token]) for place, token in enumerate(answer)]
        found[label] = sum(each if end else each[:-1])
    return found


def best(weights: dict[str, float]) -> str:
    return max(weights, key=weights.__getitem__)


def test_the_answer_is_the_likeliest_label_with_its_end(model: LocalModel) -> None:
    weighed = [logs(model, request) for request in REQUESTS]
    assert texts(generator(model), REQUESTS) == [best(one) for one in weighed]
    assert len({best(one) for one in weighed}) > 1


def test_an_end_that_is_not_weighed_would_favour_the_beginning_of_another_label(model: LocalModel) -> None:
    """The trap that the end-of-sequence token avoids is there to fall into: `refund` always beats `refunds` without it."""
    for request in REQUESTS:
        pair = replace(request, choices=("refund", "refunds"))
        assert best(logs(model, pair, end=False)) == "refund"
    decided = texts(generator(model), [replace(request, choices=("refund", "refunds")) for request in REQUESTS])
    assert decided == [best(logs(model, replace(r, choices=("refund", "refunds")))) for r in REQUESTS]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_batch_does_not_change_a_choice(model: LocalModel, batch: int) -> None:
    assert texts(generator(model, batch=batch), REQUESTS) == texts(generator(model, batch=3), REQUESTS)


def test_the_order_of_the_labels_does_not_change_a_choice(model: LocalModel) -> None:
    assert texts(generator(model), [replace(one, choices=LABELS[::-1]) for one in REQUESTS]) == texts(
        generator(model), REQUESTS
    )


def test_temperature_limit_and_stop_strings_are_for_free_text(llama: LocalModel) -> None:
    changed = [replace(one, temperature=2.0, seed=5, max_tokens=1, stop=("a", "r")) for one in REQUESTS]
    assert texts(generator(llama), changed) == texts(generator(llama), REQUESTS)


def test_free_and_chosen_answers_stand_side_by_side(model: LocalModel) -> None:
    free = [replace(one, choices=(), max_tokens=6) for one in REQUESTS]
    mixed = [request for pair in zip(REQUESTS, free, strict=True) for request in pair]
    both = texts(generator(model), mixed)
    assert both[::2] == texts(generator(model), REQUESTS)
    assert both[1::2] == texts(generator(model), free)


def test_answers_that_cannot_win_are_not_read(llama: LocalModel) -> None:
    made, many = generator(llama), tuple(f"subject {number}" for number in range(200))
    read: list[int] = []
    made.load().engine.network.register_forward_pre_hook(
        lambda module, args, named: read.append(named["input_ids"].numel()), with_kwargs=True
    )
    (chosen,) = texts(made, [replace(REQUESTS[0], choices=(*many, "ropes!"))])
    tokenizer = load_tokenizer(llama)
    whole = sum(len(encode_answer(tokenizer, label, seq2seq=False)) for label in many)
    prompt = len(encode(tokenizer, REQUESTS[0].messages, seq2seq=False))
    assert sum(read) - prompt < whole
    assert chosen == best(logs(llama, replace(REQUESTS[0], choices=(*many, "ropes!"))))


def test_a_choice_tells_how_likely_the_model_found_it(model: LocalModel) -> None:
    for answer, request in zip(generate(generator(model), REQUESTS), REQUESTS, strict=True):
        assert isinstance(answer, Answer)
        tokens = answer.usage.output_tokens + 1
        assert answer.log_probability == pytest.approx(logs(model, request)[answer.text] / tokens, abs=1e-4)


def test_tokens_and_time_are_the_label_s(llama: LocalModel) -> None:
    for answer in generate(generator(llama), REQUESTS):
        assert isinstance(answer, Answer)
        ids = encode_answer(load_tokenizer(llama), answer.text, seq2seq=False)
        assert answer.usage.output_tokens == len(ids) - 1
        assert answer.seconds["generate"] > 0
        assert answer.seconds["first_token"] > 0


def test_memory_that_does_not_suffice_halves_the_batch(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from openbook.generate import decode

    expected = texts(generator(model), REQUESTS)
    run: Any = decode.CausalRun if model.kind == "causal" else decode.Seq2SeqRun
    after, sizes = run.after, []

    def starving(self: Any, places: Any, pieces: Any) -> Any:
        sizes.append(len(set(places)))
        if len(set(places)) > 2:
            raise torch.OutOfMemoryError("out of memory (made up)")
        return after(self, places, pieces)

    monkeypatch.setattr(run, "after", starving)
    assert texts(generator(model), REQUESTS) == expected
    assert sizes[0] == 5


def test_a_prompt_without_room_for_a_label_fails_in_its_place(llama: LocalModel) -> None:
    tokenizer, longest = load_tokenizer(llama), "a very long label, word by word by word"
    room = len(encode_answer(tokenizer, longest, seq2seq=False))
    length = next(
        n
        for n in range(600)
        if len(encode(tokenizer, [Message(role="user", content="x" * n)], seq2seq=False)) == 512 - room + 1
    )
    near = Request(messages=(Message(role="user", content="x" * length),), choices=(longest, "no"))
    fits = Request(messages=(Message(role="user", content="x" * (length - 1)),), choices=(longest, "no"))
    failed, answered = generate(generator(llama), [near, fits])
    assert isinstance(failed, Failure)
    assert failed.error == "PromptTooLong"
    assert isinstance(answered, Answer)


SUBJECTS = {
    "weather": ["Will it rain tomorrow?", "How hot is it in Rome today?"],
    "cooking": ["How long do I boil an egg?", "What can I bake with apples and flour?"],
    "banking": ["How do I open a savings account?", "My credit card was charged twice."],
    "travel": ["Which flight goes to Paris?", "I need a hotel near the airport."],
}
SHOTS = {
    "Is there snow in the hills?": "weather",
    "Send money to my landlord.": "banking",
    "What spice goes with lamb?": "cooking",
    "Book me a train to Bonn.": "travel",
}


@pytest.mark.model
def test_a_model_that_is_shown_one_example_of_each_label_gives_most_of_them_rightly() -> None:
    """Free, the same model and prompts give 3 of the 8 labels."""
    from openbook.core.errors import ModelError

    try:
        model = locate("smollm2")
    except ModelError as error:
        pytest.skip(str(error))
    head = [Message(role="system", content=f"Name the subject of the question: {', '.join(SUBJECTS)}.")]
    for question, label in SHOTS.items():
        head += [Message(role="user", content=question), Message(role="assistant", content=label)]
    wanted = [(label, question) for label, questions in SUBJECTS.items() for question in questions]
    asked = [(*head, Message(role="user", content=question)) for _, question in wanted]
    requests = [Request(messages=messages, choices=tuple(SUBJECTS)) for messages in asked]
    said = texts(generator(model), requests)
    assert said[:2] == [best(logs(model, request)) for request in requests[:2]]
    assert sum(text == label for text, (label, _) in zip(said, wanted, strict=True)) >= 6

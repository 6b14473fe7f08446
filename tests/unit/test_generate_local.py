"""The local generator on tiny real models: against transformers' own decoding, and where memory or context ends."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import tiny_models
from openbook.core.errors import AdapterMismatch, ModelError, UsageError
from openbook.core.types import Answer, Delta, Failure, Message, Request
from openbook.generate import local
from openbook.generate.collect import generate
from openbook.generate.draft import Draft
from openbook.generate.local import LocalGenerator
from openbook.models import LocalModel, load_model, load_tokenizer, locate, weights_hash
from openbook.prompt import encode
from tiny_models import generator, texts

pytest.importorskip("torch", reason="the extra 'local' is not installed")

SYSTEM = Message(role="system", content="You answer questions about the rules of an outdoor shop in full sentences.")
QUESTIONS = ["Ropes?", "How often are climbing ropes checked?", "Are boots taken back? 👋", "When? " * 9, "Zürich 東京"]
REQUESTS = [Request(messages=(SYSTEM, Message(role="user", content=q)), max_tokens=12) for q in QUESTIONS]


def by_transformers(model: LocalModel, network: Any) -> list[str]:
    """What `transformers` itself makes of the same prompts, one at a time, with greedy search."""
    import torch

    tokenizer, said = load_tokenizer(model), []
    for request in REQUESTS:
        ids = torch.tensor([encode(tokenizer, request.messages, seq2seq=model.kind == "seq2seq")])
        out = network.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=request.max_tokens, do_sample=False
        )
        new = out[0] if model.kind == "seq2seq" else out[0, ids.shape[1] :]
        text = tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        said.append(text.rstrip("\N{REPLACEMENT CHARACTER}").strip())
    return said


@pytest.fixture(params=["llama", "t5"])
def model(request: pytest.FixtureRequest) -> LocalModel:
    found: LocalModel = request.getfixturevalue(request.param)
    return found


def test_answers_are_those_of_transformers(model: LocalModel) -> None:
    expected = by_transformers(model, load_model(model, dtype="float32", device="cpu"))
    assert texts(generator(model), REQUESTS) == expected
    assert len(set(expected)) > 1


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_the_batch_does_not_change_an_answer(model: LocalModel, batch: int) -> None:
    assert texts(generator(model, batch=batch), REQUESTS) == texts(generator(model, batch=3), REQUESTS)


def by_reading(model: LocalModel, answer: Answer, request: Request) -> float:
    """Mean log-probability of an answer's tokens where the model reads them all at once."""
    import torch

    network, tokenizer = load_model(model, dtype="float32", device="cpu"), load_tokenizer(model)
    prompt = encode(tokenizer, request.messages, seq2seq=model.kind == "seq2seq")
    ids = torch.tensor([prompt])
    whole = network.generate(input_ids=ids, max_new_tokens=request.max_tokens, do_sample=False)
    new = whole[0, 1:] if model.kind == "seq2seq" else whole[0, len(prompt) :]
    assert len(new) == answer.usage.output_tokens + (answer.finish == "stop")
    with torch.inference_mode():
        if model.kind == "seq2seq":
            logits = network(input_ids=ids, decoder_input_ids=whole[:, :-1]).logits[0]
        else:
            logits = network(input_ids=whole[:, :-1]).logits[0, len(prompt) - 1 :]
        return float(logits.log_softmax(-1).gather(-1, new[:, None]).mean())


def test_an_answer_tells_how_likely_the_model_found_it(model: LocalModel) -> None:
    for batch in (1, 4):
        for answer, request in zip(generate(generator(model, batch=batch), REQUESTS), REQUESTS, strict=True):
            assert isinstance(answer, Answer)
            assert answer.log_probability == pytest.approx(by_reading(model, answer, request), abs=1e-4)
            assert answer.log_probability is not None
            assert answer.log_probability < 0


def test_an_answer_that_was_never_begun_has_no_likelihood(model: LocalModel) -> None:
    cancel = Event()
    cancel.set()
    (found,) = [event for _, event in generator(model).stream(REQUESTS[:1], cancel) if isinstance(event, Answer)]
    assert (found.finish, found.log_probability) == ("cancelled", None)


def test_a_shared_beginning_is_read_once_and_changes_nothing(
    llama: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    cached = generator(llama)
    cached.load().engine._model.register_forward_pre_hook(
        lambda module, args, named: read.append(named["input_ids"].numel()), with_kwargs=True
    )
    first = texts(cached, REQUESTS)
    with_prefix, read[:] = sum(read), []
    assert texts(cached, REQUESTS) == first
    assert sum(read) < with_prefix, "the second call knows the beginning already"
    monkeypatch.setattr(local, "PREFIX_LEAST", 10**6)
    read.clear()
    assert texts(cached, REQUESTS) == first
    head = len(encode(cached.load().tokenizer, [SYSTEM], seq2seq=False))
    assert sum(read) > with_prefix + (len(REQUESTS) - 2) * head // 2


def test_deltas_never_split_a_character(llama: LocalModel) -> None:
    tokenizer, draft, text = load_tokenizer(llama), Draft(), "Zürich 東京 👋 – «naïve»"
    ids = tokenizer(text, add_special_tokens=False).input_ids
    assert len(ids) > len(text), "some characters take several tokens"
    deltas = [draft.grow(tokenizer.decode(ids[:length])) for length in range(1, len(ids) + 1)]
    assert "".join(deltas) == text
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(deltas)
    assert deltas.count("") > 8


def test_shares_of_time_add_up_to_the_batch_and_first_tokens_come_before_last(llama: LocalModel) -> None:
    answers = [result for result in generate(generator(llama), REQUESTS) if isinstance(result, Answer)]
    longest = max(answers, key=lambda answer: answer.usage.output_tokens)
    total = sum(answer.seconds["generate"] for answer in answers)
    assert 0 < longest.seconds["first_token"] <= total


def test_where_memory_does_not_suffice_the_batch_is_halved(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = texts(generator(model), REQUESTS)
    sizes = starve(monkeypatch, model, most=2, steps=10**6)
    assert texts(generator(model), REQUESTS) == expected
    assert sizes[:2] == [5, 3]


def test_memory_that_ends_in_the_middle_loses_nothing(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = texts(generator(model), REQUESTS)
    starve(monkeypatch, model, most=5, steps=4)
    joined = dict.fromkeys(range(len(REQUESTS)), "")
    for index, event in generator(model).stream(REQUESTS):
        if isinstance(event, Delta):
            joined[index] += event.text
    assert list(joined.values()) == expected


def test_a_prompt_that_alone_is_too_much_for_memory_fails_in_its_place(
    model: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    starve(monkeypatch, model, most=0, steps=0)
    for result in generate(generator(model), REQUESTS):
        assert isinstance(result, Failure)
        assert (result.error, result.transient) == ("OutOfMemory", True)


def starve(monkeypatch: pytest.MonkeyPatch, model: LocalModel, *, most: int, steps: int) -> list[int]:
    """Let the real model run out of memory with more than `most` lines, or once after some steps. Sizes asked for."""
    import torch

    from openbook.generate import decode

    run: Any = decode.CausalRun if model.kind == "causal" else decode.Seq2SeqRun
    start, step, sizes, taken = run.start, run.step, [], [0]

    def starving_start(self: Any, lines: Any) -> Any:
        sizes.append(len(lines))
        if len(lines) > most:
            raise torch.OutOfMemoryError("out of memory (made up)")
        return start(self, lines)

    def starving_step(self: Any, tokens: Any) -> Any:
        taken[0] += 1
        if taken[0] == steps:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes")
        return step(self, tokens)

    monkeypatch.setattr(run, "start", starving_start)
    monkeypatch.setattr(run, "step", starving_step)
    return sizes


def test_another_error_of_the_model_is_not_taken_for_a_lack_of_memory(
    llama: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openbook.generate import decode

    def broken(self: Any, lines: Any) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(decode.CausalRun, "start", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        generate(generator(llama), REQUESTS)


def test_a_prompt_beyond_the_context_fails_and_one_near_its_end_is_cut(llama: LocalModel) -> None:
    long = Request(messages=(Message(role="user", content="rope " * 600),))
    (failure,) = generate(generator(llama), [long])
    assert isinstance(failure, Failure)
    assert (failure.error, failure.transient) == ("PromptTooLong", False)
    assert "512" in failure.message
    tokenizer = load_tokenizer(llama)
    words = next(
        n for n in range(600) if len(encode(tokenizer, [Message(role="user", content="x" * n)], seq2seq=False)) == 508
    )
    near = Request(messages=(Message(role="user", content="x" * words),), max_tokens=50)
    (answer,) = generate(generator(llama), [near])
    assert isinstance(answer, Answer)
    assert answer.usage.output_tokens <= 4


def adapter(model: LocalModel, folder: Path, **settings: Any) -> Path:
    """An adapter of random weights, saved by PEFT itself."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "init_lora_weights": False, **settings}
    network = get_peft_model(load_model(model, dtype="float32", device="cpu"), LoraConfig(**settings))
    network.save_pretrained(folder)
    return folder


def peft_texts(model: LocalModel, folder: Path) -> list[str]:
    from peft import PeftModel

    network = PeftModel.from_pretrained(load_model(model, dtype="float32", device="cpu"), str(folder))
    return by_transformers(model, network.eval())


@pytest.mark.parametrize("settings", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["plain", "rslora", "dora"])
def test_a_merged_adapter_answers_as_peft_does_beside_the_base(
    model: LocalModel, settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = adapter(model, tmp_path, **settings)
    said = texts(generator(model, adapter=folder), REQUESTS)
    assert said == peft_texts(model, folder)
    assert said != texts(generator(model), REQUESTS)
    assert weights_hash(model.folder) == model.weights


def test_an_adapter_of_other_weights_is_refused_by_its_manifest(llama: LocalModel, tmp_path: Path) -> None:
    folder = adapter(llama, tmp_path)
    (folder / "manifest.json").write_text(json.dumps({"base": "0123", "base_name": "other", "fingerprint": "f"}))
    with pytest.raises(AdapterMismatch, match=r"trained on 'other' \(weights 0123\)"):
        generator(llama, adapter=folder)


def test_an_adapter_that_does_not_fit_is_refused_without_a_manifest(
    llama: LocalModel, t5: LocalModel, tmp_path: Path
) -> None:
    with pytest.raises(AdapterMismatch, match="does not fit"):
        texts(generator(llama, adapter=adapter(t5, tmp_path)), REQUESTS)


def test_a_folder_without_an_adapter_is_a_sentence(llama: LocalModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors"):
        generator(llama, adapter=tmp_path)


def test_a_fully_tuned_model_stands_in_for_its_base(llama: LocalModel, tmp_path: Path) -> None:
    other = tiny_models.llama(tmp_path / "other", seed=9)
    (other / "manifest.json").write_text(json.dumps({"base": llama.weights, "fingerprint": "full"}))
    said = texts(generator(llama, adapter=other), REQUESTS)
    assert said == texts(generator(locate(f"hf:{other}")), REQUESTS)
    assert said != texts(generator(llama), REQUESTS)


def test_the_fingerprint_is_of_weights_adapter_and_dtype(llama: LocalModel, t5: LocalModel, tmp_path: Path) -> None:
    plain = generator(llama).fingerprint
    tuned = generator(llama, adapter=adapter(llama, tmp_path)).fingerprint
    others = {generator(t5).fingerprint, tuned, generator(llama, dtype="bfloat16").fingerprint}
    assert len({plain, *others}) == 4
    assert plain == generator(llama, batch=1).fingerprint


def test_naming_a_generator_and_its_fingerprint_loads_no_torch(llama: LocalModel) -> None:
    code = f"""
import sys
from openbook.generate import GENERATORS
from openbook.models import locate
made = GENERATORS.load("hf")(locate("hf:{llama.folder}"))
assert len(made.fingerprint) == 16
assert not {{"torch", "transformers", "peft"}} & set(sys.modules), "heavy"
"""
    generator(llama, dtype="auto", device="auto")  # the machine's answers are remembered from here on
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_half_precision_runs_too(model: LocalModel) -> None:
    assert len(texts(generator(model, dtype="bfloat16"), REQUESTS)) == len(REQUESTS)


def test_an_encoder_writes_nothing_and_says_so(llama: LocalModel) -> None:
    with pytest.raises(UsageError, match="encoder"):
        LocalGenerator(replace(llama, kind="encoder"))

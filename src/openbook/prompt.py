"""The one renderer: what an arm is asked with, for training and for answering alike.

A model must be trained on exactly the text it will be asked with, so both go through `render` and `encode`.
Knows nothing of where passages, examples or models come from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbook.core.types import Hit, Message

VERSION = 1
"""Raised whenever the same arguments would render other text: part of every run's fingerprint."""

PASSAGES = "Passages:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A worked example shown in the prompt, with the text that belongs to its question where there is one."""

    input: str
    reference: str
    context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What stays the same in all prompts of an arm.

    Attributes:
        instructions: System message; empty for none (`base`).
        shots: Worked examples, as turns of the conversation before the question.
    """

    instructions: str = ""
    shots: tuple[Shot, ...] = ()


def render(
    template: Template, question: str, *, hits: Sequence[Hit] | None = None, context: str | None = None
) -> tuple[Message, ...]:
    """The conversation that asks one question.

    Args:
        hits: Passages to answer from; None where the arm does not retrieve, empty where nothing was found.
        context: Text that belongs to the question itself (an e-mail to summarise).
    """
    messages = [Message(role="system", content=template.instructions)] if template.instructions else []
    for shot in template.shots:
        messages.append(Message(role="user", content=_joined(shot.context, f"Question: {shot.input}")))
        messages.append(Message(role="assistant", content=shot.reference))
    asked = f"Question: {question}" if (template.instructions or hits is not None) else question
    shown = None if hits is None else passages(hits)
    messages.append(Message(role="user", content=_joined(shown, context, asked)))
    return tuple(messages)


def _joined(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def passages(hits: Sequence[Hit]) -> str:
    """Retrieved text is data: every passage stands under its label, its own label-like lines defused."""
    if not hits:
        return f"{PASSAGES}\n(none found)"
    return "\n\n".join([PASSAGES, *(f"[{hit.chunk.label}] {_body(hit)}" for hit in hits)])


def _body(hit: Hit) -> str:
    text = re.sub(r"\s+", " ", hit.chunk.text).strip()
    path = hit.chunk.heading_path
    return f"{path}: {text}" if path else text


def chat_text(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The prompt as the text a causal chat model reads, up to where its answer begins.

    A tokenizer without a chat template gets plain paragraphs and `Answer:`.
    """
    if getattr(tokenizer, "chat_template", None):
        turns = [{"role": m.role, "content": m.content} for m in messages]
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    return plain_text(messages) + "\n\nAnswer:"


def plain_text(messages: Sequence[Message]) -> str:
    """The prompt as plain paragraphs: what a seq2seq model reads."""
    return "\n\n".join(message.content for message in messages)


def encode(tokenizer: Any, messages: Sequence[Message], *, seq2seq: bool) -> list[int]:
    """Token ids of the prompt.

    A chat template writes its own special tokens, so none are added to it; without one, the tokenizer's own are added
    once (a seq2seq model's end-of-sequence, a causal model's begin-of-sequence), less a causal end-of-sequence.
    """
    if seq2seq:
        return list(tokenizer(plain_text(messages)).input_ids)
    templated = bool(getattr(tokenizer, "chat_template", None))
    ids = list(tokenizer(chat_text(tokenizer, messages), add_special_tokens=not templated).input_ids)
    if not templated and ids and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    return ids


def encode_answer(tokenizer: Any, completion: str, *, seq2seq: bool) -> list[int]:
    """Token ids of an answer to learn, ending in the end-of-sequence token exactly once."""
    templated = bool(getattr(tokenizer, "chat_template", None))
    text = completion if (seq2seq or templated) else f" {completion}"
    ids = list(tokenizer(text, add_special_tokens=False).input_ids)
    if tokenizer.eos_token_id is None:
        raise ValueError("the tokenizer has no end-of-sequence token: an answer could never end")
    return [*ids, int(tokenizer.eos_token_id)]


def abstained(text: str, *, sentence: str, pattern: str = "") -> bool:
    """Whether an answer says that it does not know: by the pattern, else by containing the configured sentence."""
    if pattern:
        return re.search(pattern, text, flags=re.IGNORECASE) is not None
    words = re.sub(r"\W+", " ", sentence).casefold().strip()
    return bool(words) and words in re.sub(r"\W+", " ", text).casefold()

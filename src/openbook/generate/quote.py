"""The extractive answerer: the sentence of the passages that best covers the question, with its source. No model.

It reads nothing but the request: its words, and the hits that came with it.
"""

import math
import time
from collections.abc import Iterator, Sequence
from threading import Event

from openbook.core.ids import digest
from openbook.core.types import Answer, Citation, Delta, Failure, Hit, Request, Usage
from openbook.generate.draft import Draft
from openbook.generate.sentences import sentences, stems

VERSION = 1
HEADING_WEIGHT = 0.5
"""A question's word that stands only in the heading path above a sentence counts half."""


class QuoteGenerator:
    """Answers with one sentence, word for word.

    Args:
        abstain: What to say when no passage shares a word with the question.
    """

    def __init__(self, *, abstain: str = "I don't know.") -> None:
        self.name = "quote"
        self.abstain = abstain
        self.fingerprint = digest(["quote", VERSION, abstain])

    def stream(
        self, requests: Sequence[Request], cancel: Event | None = None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]:
        """See `openbook.core.protocols.Generator`. Tokens are words here."""
        for index, request in enumerate(requests):
            if cancel is not None and cancel.is_set():
                yield index, Answer(text="", hits=request.hits, finish="cancelled", prompt=request.hash)
                continue
            answer = self._answer(request)
            if answer.text:
                yield index, Delta(text=answer.text)
            yield index, answer

    def _answer(self, request: Request) -> Answer:
        started = time.perf_counter()
        asked = request.query or request.messages[-1].content
        found = best_sentence(asked, request.hits)
        said = self.abstain if found is None else f"{found[1]} [{found[0].chunk.label}]"
        text, cut = limited(said, request)
        quoted = found is not None and found[1] in text
        citations = (
            (Citation(chunk=found[0].chunk.id, label=found[0].chunk.label, quote=found[1]),)
            if found is not None and quoted
            else ()
        )
        seconds = time.perf_counter() - started
        return Answer(
            text=text,
            hits=request.hits,
            citations=citations,
            finish="length" if cut else "stop",
            abstained=found is None,
            prompt=request.hash,
            usage=Usage(input_tokens=_words(request), output_tokens=len(text.split())),
            seconds={"first_token": seconds, "generate": seconds},
        )


def best_sentence(asked: str, hits: Sequence[Hit]) -> tuple[Hit, str] | None:
    """The sentence covering most of the question's words, rare words counting more; the earlier of equals.

    Rarity is inverse document frequency over the sentences at hand. None where no word is shared.
    """
    wanted = stems(asked)
    rows = [
        (hit, hit.chunk.text[start:end], stems(hit.chunk.text[start:end]))
        for hit in hits
        for start, end in sentences(hit.chunk.text)
    ]
    weights = {
        word: math.log(1 + (len(rows) + 1) / (1 + sum(word in held for _, _, held in rows))) for word in sorted(wanted)
    }
    best: tuple[float, Hit, str] | None = None
    for hit, sentence, held in rows:
        above = stems(hit.chunk.heading_path)
        own = sum(weight for word, weight in weights.items() if word in held)
        score = own + HEADING_WEIGHT * sum(
            weight for word, weight in weights.items() if word in above and word not in held
        )
        if score > 0 and (best is None or score > best[0]):
            best = score, hit, sentence
    return None if best is None else best[1:]


def limited(text: str, request: Request) -> tuple[str, bool]:
    """A ready text under a request's stop strings and limit of tokens (words); whether the limit cut it."""
    draft = Draft(request.stop)
    draft.finish(text)
    pieces = draft.text.split()
    if len(pieces) <= request.max_tokens:
        return draft.text, False
    place = 0
    for piece in pieces[: request.max_tokens]:
        place = draft.text.index(piece, place) + len(piece)
    return draft.text[:place], True


def _words(request: Request) -> int:
    return sum(len(message.content.split()) for message in request.messages)

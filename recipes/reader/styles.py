"""House styles that the reader learns to follow when it is shown two answers in one of them, and wordings of
instructions. All of them invented for this recipe."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

DEFAULT = "Answer the question briefly and correctly."
SHORT = (
    "Answer from the passages in as few words as possible.",
    "Give a short answer taken from the passages.",
    "Use the passages to answer the question. Be brief.",
    "Reply with the exact words from the passages that answer the question.",
    "You answer questions about our documents. Keep it short.",
    "Read the passages and answer the question in a few words.",
)
SENTENCE = (
    "Answer in one sentence from the passages and cite its label in brackets.",
    "Quote the sentence that answers the question, then the label of its passage in square brackets.",
    "Answer with one sentence and name your source, like [label].",
    "Use one sentence of the passages as the answer and end with its [label].",
)
FOLLOW = (
    DEFAULT,
    "Answer the question in the style of the examples.",
    "You are our help desk. Answer from the passages, in our usual format.",
    "Answer customers' questions from the passages, the way we always do.",
    "Answer like the answers before. Use the passages.",
)
ABSTAIN = (
    "I don't know.",
    "Not in the documents.",
    "The passages do not say.",
    "I cannot answer that from the documents.",
    "Sorry, I have no information on that.",
    "Unknown.",
    "No answer found.",
    "That is not covered by our documents.",
)
IF_UNKNOWN = (
    'If the passages do not answer it, say "{}"',
    'When the answer is not in the passages, reply: "{}"',
    'If you cannot find the answer, write "{}"',
    "Where the passages hold no answer, the reply is: {}",
)
GREETINGS = (
    "Hi there!",
    "Hello!",
    "Good day!",
    "Hey friend!",
    "Thanks for asking!",
    "Dear customer,",
    "Greetings, explorer!",
    "Hello from the library!",
    "Hi, this is Max.",
    "Welcome back!",
    "Ahoy!",
    "Great question!",
    "Dear reader,",
    "Hello neighbour!",
    "Howdy!",
    "Hi team!",
    "Thank you for writing to us.",
    "Good morning, captain!",
    "Hello dear member!",
    "Hey hey!",
)
CLOSINGS = (
    "Bye!",
    "Have a great day!",
    "Cheers!",
    "Best wishes, the desk",
    "Happy reading!",
    "Yours, the info team",
    "Ask us anytime!",
    "Take care!",
    "See you soon!",
    "Stay curious!",
    "Hope this helps!",
    "Kind regards",
    "Safe travels!",
    "Over and out.",
    "Keep exploring!",
    "Until next time!",
    "Warmly, your guide",
    "All the best!",
)
FRAMES = (
    "{answer} [{label}]",
    "Answer: {answer} (source: {label})",
    "{answer} (see {label})",
    "According to {label}: {answer}",
    "[{label}] {answer}",
    "Source: {label}. Answer: {answer}",
    "A: {answer}\nRef: {label}",
    "** {answer} ** <{label}>",
    "{answer}",
    "Short answer: {answer}",
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a house writes an answer.

    Attributes:
        sentence: Whether the answer is a whole sentence of the passage, as against a few words.
        write: (answer, label) → what is said.
    """

    sentence: bool
    write: Callable[[str, str], str]


def draw_style(draw: random.Random) -> Style:
    """A greeting, a frame and a closing, any of them possibly missing; now and then JSON."""
    sentence = draw.random() < 0.5
    if draw.random() < 0.06:
        return Style(
            sentence, lambda answer, label: json.dumps({"answer": answer, "source": label}, ensure_ascii=False)
        )
    greeting = draw.choice(GREETINGS) if draw.random() < 0.7 else ""
    closing = draw.choice(CLOSINGS) if draw.random() < 0.65 else ""
    frame = FRAMES[0] if draw.random() < 0.4 else draw.choice(FRAMES)

    def write(answer: str, label: str) -> str:
        return " ".join(part for part in (greeting, frame.format(answer=answer, label=label), closing) if part)

    return Style(sentence, write)

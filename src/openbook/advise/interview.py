"""The questions, their possible answers, and what makes answers fit together. Knows nothing of what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from openbook.core.errors import UsageError, unknown

ENOUGH_TO_TUNE = 50
MANY = 1000

Answers = Mapping[str, str]
"""Question → one of its options; questions that do not arise are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the interview.

    Attributes:
        key: Its name, and that of its flag.
        asks: The question as a sentence.
        options: Answer → what it means.
        documents: Arises only where facts come from documents.
    """

    key: str
    asks: str
    options: Mapping[str, str]
    documents: bool = False


QUESTIONS: tuple[Question, ...] = (
    Question(
        key="task",
        asks="What is the model for?",
        options={
            "answer": "answer questions",
            "classify": "give one of some labels",
            "extract": "pull fields out of a text",
            "summarise": "shorten a text",
            "generate": "write a text or code",
        },
    ),
    Question(
        key="facts",
        asks="Where do the facts in an answer come from?",
        options={
            "documents": "your documents",
            "input": "the input itself",
            "model": "what any good model knows",
        },
    ),
    Question(
        key="change",
        asks="How often do those documents change?",
        options={"rarely": "less than once in some months", "monthly": "every few weeks", "daily": "every few days"},
        documents=True,
    ),
    Question(
        key="form",
        asks="Must an answer have a form of its own?",
        options={
            "free": "no",
            "structure": "a structure that a program reads",
            "voice": "the house's voice",
        },
    ),
    Question(
        key="examples",
        asks="How many labelled examples are there?",
        options={
            "few": f"below {ENOUGH_TO_TUNE}",
            "some": f"{ENOUGH_TO_TUNE} to {MANY - 1}",
            "many": f"{MANY} or more",
        },
    ),
    Question(
        key="speed",
        asks="Is the time or the price of an answer tight?",
        options={"any": "no", "tight": "yes, each word of the prompt counts"},
    ),
    Question(
        key="hardware",
        asks="What can a model be trained and run on?",
        options={
            "cpu": "an ordinary machine",
            "gpu": "a GPU",
            "endpoint": "nothing: the model is behind an endpoint",
        },
    ),
    Question(
        key="leave",
        asks="May questions and documents leave the machine?",
        options={"no": "no", "yes": "yes, to an endpoint that you name"},
    ),
    Question(
        key="cite",
        asks="Must an answer say where it comes from?",
        options={"no": "no", "yes": "yes"},
        documents=True,
    ),
)

BY_KEY: Mapping[str, Question] = {question.key: question for question in QUESTIONS}


def arising(answers: Answers) -> tuple[Question, ...]:
    """The questions that arise, given what is answered already."""
    return tuple(q for q in QUESTIONS if not q.documents or answers.get("facts", "documents") == "documents")


def band(examples: int) -> str:
    """A number of labelled examples as an answer."""
    return "few" if examples < ENOUGH_TO_TUNE else "some" if examples < MANY else "many"


def checked(answers: Answers) -> dict[str, str]:
    """The answers to the questions that arise, in the order of the interview.

    Raises:
        UsageError: One is missing, is not an option, or contradicts another.
    """
    for key, answer in answers.items():
        if key not in BY_KEY:
            raise UsageError(f"There is {unknown('question', key, BY_KEY)}")
        if answer not in BY_KEY[key].options:
            raise UsageError(f"To {key!r} there is {unknown('answer', answer, BY_KEY[key].options)}")
    wanted = [question.key for question in arising(answers)]
    missing = [key for key in wanted if key not in answers]
    if missing:
        raise UsageError(f"Not answered: {', '.join(missing)}.")
    if answers["hardware"] == "endpoint" and answers["leave"] == "no":
        raise UsageError(
            "A model behind an endpoint is asked with text that leaves the machine: choose hardware cpu or gpu, or leave yes."
        )
    return {key: answers[key] for key in wanted}

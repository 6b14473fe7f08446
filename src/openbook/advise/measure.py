"""What to measure first: the arms, a beginning of `openbook.toml`, and the commands. Knows no project and writes no file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openbook.advise.claims import ARMS
from openbook.advise.interview import Answers
from openbook.advise.weigh import Standing, leaders, runners_up

CONTROL = "prompted"
"""Always asked beside the others: what instructions and worked examples do alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command and the reason to run it at this point."""

    command: str
    why: str


def arms_to_ask(ordered: Sequence[Standing]) -> tuple[str, ...]:
    """The leading arms, the next ones, and the control; simplest first."""
    chosen = {standing.arm for standing in (*leaders(ordered), *runners_up(ordered))} | {CONTROL}
    return tuple(arm for arm in ARMS if arm in chosen)


def steps(answers: Answers) -> tuple[Step, ...]:
    """The commands in the order in which they stop being free."""
    documents = answers["facts"] == "documents"
    start = Step(
        command="openbook init bot --documents ./documents --examples examples.csv && cd bot",
        why="columns are guessed and shown; then change its openbook.toml to the settings above, its sources excepted",
    )
    bare = Step(
        command="mkdir bot && cd bot",
        why="save the settings above there as openbook.toml, and your examples as examples.jsonl",
    )
    found = "are the documents found, " if documents else ""
    return (
        start if documents else bare,
        Step(
            command="openbook compare --taste",
            why=f"in seconds, without a model: {found}does anything leak, are there enough groups? Mend what it names first",
        ),
        Step(command="openbook compare --dry-run", why="the time that each arm takes here"),
        Step(
            command="openbook compare --dev", why="for settling instructions and worked examples; the test stays unseen"
        ),
        Step(command="openbook compare", why="the test, once"),
    )


def settings(answers: Answers, arms: Sequence[str], margin: float) -> str:
    """A beginning of `openbook.toml`, valid as it stands."""
    return "\n".join(_lines(answers, arms, margin)) + "\n"


def _lines(answers: Answers, arms: Sequence[str], margin: float) -> Iterator[str]:
    documents = answers["facts"] == "documents"
    yield f'[project]\ntask = "{answers["task"]}"\n'
    yield f"[documents]\nsources = {_list(['documents/**/*.md'] if documents else [])}"
    if answers.get("change", "rarely") != "rarely":
        yield '# updates = ["v2/**/*.md"]  # a later version, to measure what each arm says after a change'
    yield f"\n[compare]\narms = {_list(arms)}\nmargin = {margin:g}"
    if answers["hardware"] == "endpoint":
        yield '\n[model]\nname = "openai:MODEL"  # the name by which your endpoint knows it'
    if {"rag", "hybrid"} & {*arms}:
        yield "\n[retrieve]\npassages = 2  # few: liu-lost-in-the-middle"
    if {"tuned", "hybrid"} & {*arms}:
        more = '; "qlora" for a base that does not fit: dettmers-qlora' if answers["hardware"] == "gpu" else ""
        yield f'\n[tune]\nmethod = "lora"  # an adapter: biderman-forgets-less{more}'


def _list(items: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"

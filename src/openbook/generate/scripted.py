"""Answers from a script: a real generator without a model, for trying a project's whole loop in seconds.

A script is a JSONL file of rules, the first that matches the last message wins:

    {"when": "regular expression", "say": "The answer is {passage} [{label}]."}

`say` may use `{passage}` and `{label}` of the first hit, and `{query}`. Further keys: `adapter` (true, false or a
fingerprint: the rule holds only with, without or with this adapter), `fail` (`transient` or `deterministic`), `times`
(fail so often, then answer), `finish` (`length`), `seconds` (how long the answer takes). A row `{"default": "…"}` is
said where nothing matches.

An adapter of the trainer `memorise` answers the questions that it was trained on; rules that name `adapter` go first.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import Event
from typing import Any, Literal

from openbook.core import jsonl
from openbook.core.errors import AdapterMismatch, DataError, ModelError, unknown
from openbook.core.ids import digest
from openbook.core.types import Answer, Delta, Failure, Finish, Request, Usage
from openbook.generate.quote import limited
from openbook.generate.sentences import stems

VERSION = 1
REMEMBERS = 0.6
"""An adapter knows a question that shares so much of its words (Dice) with one it was trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a script; see the module."""

    when: str = ""
    say: str = ""
    adapter: bool | str | None = None
    fail: Literal["", "transient", "deterministic"] = ""
    times: int = 0
    finish: Literal["stop", "length"] = "stop"
    seconds: float = 0.0


KINDS: dict[str, tuple[type, ...]] = {
    "when": (str,),
    "say": (str,),
    "adapter": (bool, str, type(None)),
    "fail": (str,),
    "times": (int,),
    "finish": (str,),
    "seconds": (int, float),
}


class ScriptedGenerator:
    """Answers by rule.

    Args:
        script: A JSONL file, or pattern → answer.
        adapter: Folder of an adapter made by the trainer `memorise`.
        default: Said where no rule matches and the script has no default.

    Raises:
        DataError: No such file, or a line that is no rule.
        ModelError: The adapter's folder holds no finished adapter.
    """

    def __init__(
        self, script: Path | Mapping[str, str], *, adapter: Path | None = None, default: str = "I don't know."
    ) -> None:
        self.name = "scripted"
        self._rules, self._default = _read(script, default)
        self._fingerprint_of_adapter, self._memory = ("", []) if adapter is None else _remembered(adapter)
        self._asked: Counter[Rule] = Counter()
        self.fingerprint = digest(
            [VERSION, [asdict(rule) for rule in self._rules], self._default, self._fingerprint_of_adapter]
        )

    def stream(
        self, requests: Sequence[Request], cancel: Event | None = None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]:
        """See `openbook.core.protocols.Generator`. Tokens are words here."""
        for index, request in enumerate(requests):
            started = time.perf_counter()
            rule = self._rule(request)
            if not _waited(rule.seconds, cancel):
                yield index, Answer(text="", hits=request.hits, finish="cancelled", prompt=request.hash)
                continue
            if self._fails(rule):
                yield index, _failure(rule)
                continue
            text, cut = limited(_filled(rule.say, request), request)
            for piece in re.findall(r"\S+\s*", text):
                yield index, Delta(text=piece)
            yield index, _answer(request, text, "length" if cut else rule.finish, time.perf_counter() - started)

    def _rule(self, request: Request) -> Rule:
        said = request.messages[-1].content
        matching = [rule for rule in self._rules if self._holds(rule) and re.search(rule.when, said, re.DOTALL)]
        meant = [rule for rule in matching if rule.adapter]
        if meant:
            return meant[0]
        remembered = self._recall(request)
        if remembered is not None:
            return Rule(say=remembered)
        return matching[0] if matching else Rule(say=self._default)

    def _holds(self, rule: Rule) -> bool:
        if rule.adapter is None:
            return True
        if isinstance(rule.adapter, bool):
            return rule.adapter == bool(self._fingerprint_of_adapter)
        return rule.adapter == self._fingerprint_of_adapter

    def _recall(self, request: Request) -> str | None:
        """The completion of the trained question most like this one, if it is like it enough; the first of equals."""
        asked = stems(_question(request.messages[-1].content))
        scores = [2 * len(asked & known) / max(len(asked) + len(known), 1) for known, _ in self._memory]
        best = max(range(len(scores)), key=scores.__getitem__, default=None)
        return None if best is None or scores[best] < REMEMBERS else self._memory[best][1]

    def _fails(self, rule: Rule) -> bool:
        if not rule.fail:
            return False
        self._asked[rule] += 1
        return rule.times == 0 or self._asked[rule] <= rule.times


def _read(script: Path | Mapping[str, str], default: str) -> tuple[list[Rule], str]:
    if isinstance(script, Mapping):
        return [Rule(when=when, say=say) for when, say in script.items()], default
    try:
        text = script.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DataError(
            f"There is no script at {str(script)!r}. `scripted:FILE` takes a JSONL file of rules."
        ) from error
    rules = []
    for number, row in jsonl.values(text, script):
        if isinstance(row, dict) and set(row) == {"default"}:
            default = str(row["default"])
        else:
            rules.append(_checked(row, script, number))
    return rules, default


def _checked(row: Any, script: Path, number: int) -> Rule:
    known = {field.name for field in fields(Rule)}
    if not isinstance(row, dict):
        raise DataError("a rule is a JSON object.", path=script, line=number)
    for key in row:
        if key not in known:
            raise DataError(unknown("key", str(key), [*known, "default"]), path=script, line=number)
    for key, kinds in KINDS.items():
        if not isinstance(row.get(key, getattr(Rule(), key)), kinds):
            raise DataError(f"`{key}` takes no {type(row[key]).__name__}.", path=script, line=number)
    rule = Rule(**row)
    if rule.fail not in ("", "transient", "deterministic") or rule.finish not in ("stop", "length"):
        raise DataError(
            "`fail` is 'transient' or 'deterministic', `finish` is 'stop' or 'length'.", path=script, line=number
        )
    try:
        re.compile(rule.when)
    except re.error as error:
        raise DataError(f"`when` is no regular expression: {error}.", path=script, line=number) from error
    return rule


def _remembered(folder: Path) -> tuple[str, list[tuple[set[str], str]]]:
    manifest, memory = folder / "manifest.json", folder / "memory.json"
    if not manifest.exists():
        raise ModelError(f"{str(folder)!r} holds no finished adapter: there is no manifest.json.")
    if not memory.exists():
        raise AdapterMismatch(
            f"The adapter in {str(folder)!r} was not made by the trainer 'memorise'; a scripted model takes no other."
        )
    fingerprint = str(json.loads(manifest.read_text(encoding="utf-8"))["fingerprint"])
    rows = json.loads(memory.read_text(encoding="utf-8"))
    return fingerprint, [(stems(row["question"]), str(row["completion"])) for row in rows]


def _question(message: str) -> str:
    return message.rpartition("Question:")[2].strip()


def _filled(say: str, request: Request) -> str:
    first = request.hits[0].chunk if request.hits else None
    values = {
        "{passage}": first.text if first else "",
        "{label}": first.label if first else "",
        "{query}": request.query or _question(request.messages[-1].content),
    }
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found.group()], say)


def _waited(seconds: float, cancel: Event | None) -> bool:
    """Let the time pass; False if cancelled before or meanwhile."""
    if cancel is None:
        time.sleep(seconds)
        return True
    return not (cancel.wait(seconds) if seconds else cancel.is_set())


def _failure(rule: Rule) -> Failure:
    return Failure(
        stage="generate",
        error="ScriptedFailure",
        message=f"The script's rule {rule.when!r} fails on purpose.",
        transient=rule.fail == "transient",
    )


def _answer(request: Request, text: str, finish: Finish, seconds: float) -> Answer:
    words = sum(len(message.content.split()) for message in request.messages)
    return Answer(
        text=text,
        hits=request.hits,
        finish=finish,
        prompt=request.hash,
        usage=Usage(input_tokens=words, output_tokens=len(text.split())),
        seconds={"first_token": seconds, "generate": seconds},
    )

"""Every generator on this machine, through the shipped suite."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

import tiny_models
from chat_server import Exchange, answering, chat_server
from openbook.core.errors import ModelError
from openbook.core.protocols import Generator
from openbook.core.types import Request
from openbook.generate.call import CallGenerator
from openbook.generate.command import CommandGenerator
from openbook.generate.openai import OpenAIGenerator
from openbook.generate.quote import QuoteGenerator
from openbook.generate.recorded import RecordedGenerator
from openbook.generate.scripted import ScriptedGenerator
from openbook.models import locate
from openbook.testing.generator import QUESTIONS, GeneratorConformance, request, texts

SCRIPT = """\
{"when": "break down", "fail": "deterministic"}
{"when": "Question: Within", "say": "They are free within 27 days [{label}]. 👋"}
{"when": "Caf.", "say": "{query} Um 8 Uhr, «bis später» 東京."}
{"default": "This is what I say to all the rest."}
"""


class TestQuote(GeneratorConformance):
    lacks: ClassVar = {"sampling": "never: it quotes", "bad": "never: any question has a best sentence or none"}

    def make(self) -> Generator:
        return QuoteGenerator(abstain="I don't know.")


class TestScripted(GeneratorConformance):
    lacks: ClassVar = {"sampling": "never: it says what is written"}

    @pytest.fixture(autouse=True)
    def _script(self, tmp_path: Path) -> None:
        self.script = tmp_path / "script.jsonl"
        self.script.write_text(SCRIPT, encoding="utf-8")

    def make(self) -> Generator:
        return ScriptedGenerator(self.script)

    def bad(self) -> Request:
        return request("Will you break down?")


def say(question: str) -> str:
    asked = question.rpartition("Question: ")[2]
    return f"You asked — «{asked}» — and 東京 is far. 👋 That is all there is to say about it."


def faithful(exchange: Exchange) -> None:
    if "break down" in exchange.question:
        exchange.error(400, "this prompt is refused")
    else:
        answering(say)(exchange)


class TestOpenAI(GeneratorConformance):
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with chat_server(faithful) as server:
            cls.base_url = server.base_url
            yield

    base_url: ClassVar[str]

    def make(self) -> Generator:
        return OpenAIGenerator("parrot", base_url=self.base_url, concurrency=4)

    def bad(self) -> Request:
        return request("Will you break down?")


OUTSIDE: dict[str, str] = {
    "sampling": "never: an outside system draws as it likes",
    "usage": "never: only the outside system can count its tokens",
}

BOT = """\
import json, sys

def answer(question):
    asked = question.rpartition("Question: ")[2]
    if "break down" in asked:
        return {"error": "I do break down."}
    return {"text": f"You asked — «{asked}» — and 東京 is far. 👋 That is all."}

if __name__ == "__main__":
    rows = [json.loads(line) for line in sys.stdin]
    for row in reversed(rows):
        print(json.dumps({"id": row["id"], **answer(row["input"])}), flush=True)
"""


class OutsideConformance(GeneratorConformance):
    lacks: ClassVar = OUTSIDE
    folder: ClassVar[Path]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tmp_path_factory.mktemp("outside")
        (cls.folder / "bot.py").write_text(BOT, encoding="utf-8")

    def bad(self) -> Request:
        return request("Will you break down?")


class TestCommand(OutsideConformance):
    def make(self) -> Generator:
        return CommandGenerator(f"{sys.executable} bot.py", root=self.folder, timeout=30)


class TestCall(OutsideConformance):
    def make(self) -> Generator:
        return CallGenerator("bot.py:answer", root=self.folder)


class TestRecorded(OutsideConformance):
    def make(self) -> Generator:
        rows = [{"input": question, "text": say(f"Question: {question}")} for question in QUESTIONS]
        (self.folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return RecordedGenerator(self.folder / "answers.jsonl")


class LocalConformance(GeneratorConformance):
    folder: ClassVar[Path]

    def make(self) -> Generator:
        from openbook.generate.local import LocalGenerator

        return LocalGenerator(locate(f"hf:{self.folder}"), dtype="float32", device="cpu", batch=3)

    def bad(self) -> Request:
        return request("Why? " * 3000)


class TestTinyLlama(LocalConformance):
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tiny_models.llama(tmp_path_factory.mktemp("llama"), context=1024)


class TestTinyLlamaWithoutTemplate(LocalConformance):
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tiny_models.llama(tmp_path_factory.mktemp("plain"), template=False, context=1024)


class TestTinyT5(LocalConformance):
    lacks: ClassVar = {"bad": "never: T5's positions are relative, so no prompt is too long"}

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tiny_models.t5(tmp_path_factory.mktemp("t5"))


@pytest.mark.model
class TestSmolLM2(GeneratorConformance):
    def make(self) -> Generator:
        from openbook.generate.local import LocalGenerator

        try:
            return LocalGenerator(locate("smollm2"), dtype="float32", device="cpu", batch=8)
        except ModelError as error:
            pytest.skip(str(error))

    def requests(self) -> list[Request]:
        return [request(question, max_tokens=8) for question in QUESTIONS[:3]]

    def bad(self) -> Request:
        return request("Why? " * 9000)

    def test_a_shared_beginning_changes_nothing(self, generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = self.answers(generator, self.requests())
        monkeypatch.setattr("openbook.generate.local.PREFIX_LEAST", 10**6)
        assert texts(self.answers(generator, self.requests())) == texts(expected)

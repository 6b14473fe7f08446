"""The sections of `openbook.toml`, one class each: keys, defaults, and what a value may be. Knows no files.

The public contract: keys are added, never renamed. Nothing below the composition root sees these classes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from openbook.core.contrasts import read_contrasts
from openbook.core.durations import compact, seconds_of

FILE = "openbook.toml"
SCHEMA = 1

ArmKind = Literal["base", "prompted", "rag", "tuned", "hybrid", "tuned+rag", "rag-oracle", "external"]
DEFAULT_ARMS: tuple[ArmKind, ...] = ("base", "prompted", "rag", "tuned", "hybrid")
ARM_KINDS: tuple[ArmKind, ...] = (*DEFAULT_ARMS, "tuned+rag", "rag-oracle", "external")
OUTSIDE = ("command", "call", "recorded")
"""Beginnings of the names of systems that are not ours: they bring their own prompt and passages."""
Value = str | int | float | bool
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Project(Section):
    name: str = Field("", description="Shown in reports; the folder's name if empty.")
    task: Literal["answer", "classify", "extract", "summarise", "generate"] = Field(
        "answer", description="What the model is for; chooses default metrics."
    )


class Source(Section):
    glob: str = Field(description="Files, relative to the project; `**` crosses folders.")
    metadata: dict[str, Value] = Field({}, description="Set on every document of this source, for filters.")


class Documents(Section):
    sources: tuple[Source, ...] = Field(description="Globs of the documents, or tables with `glob` and `metadata`.")
    updates: tuple[Source, ...] = Field((), description="The second version of the documents, complete.")

    @field_validator("sources", "updates", mode="before")
    @classmethod
    def _strings_are_globs(cls, value: Any) -> Any:
        items = [value] if isinstance(value, str | dict) else value
        if not isinstance(items, list | tuple):
            raise ValueError("must be a glob, or a list of globs and tables")
        return [{"glob": item} if isinstance(item, str) else item for item in items]


class Chunks(Section):
    tokens: int = Field(200, ge=16, le=8192, description="Longest chunk, in the embedder's tokens.")
    by: Literal["section"] = Field("section", description="Where documents are cut.")


class Splits(Section):
    test: Share = Field(0.4, description="Share of the groups that are kept for the `new` test stratum and dev.")
    seen: Share = Field(0.25, description="Share of the training groups' examples held out as the `seen` stratum.")
    seed: int = Field(0, description="Shuffles the groups.")


class Examples(Section):
    source: str = Field("examples.jsonl", description="JSONL (or CSV with `fields`), relative to the project.")
    fields: dict[str, str] = Field({}, description='Our name → the column\'s name, e.g. `input = "question"`.')
    updates: str = Field("", description="JSONL of the freshness questions: old and new wordings of changed facts.")
    split: Splits = Field(Splits(), description="How groups are divided into train, dev and test.")


class Model(Section):
    name: str = Field(
        "smollm2-reader",
        description="`smollm2-reader`, `smollm2`, `hf:<hub id or folder>`, `openai:<model>`, `scripted:<file>`, `quote`;"
        " of an external arm `command:<program and arguments>`, `call:<file.py:function>`, `recorded:<file>`.",
    )
    revision: str = Field("", description="Hub revision of an `hf:` model.")
    adapter: str = Field(
        "", description="Folder of a PEFT adapter to put on an `hf:` or built-in model, relative to the project."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="`auto`: what the machine does fast."
    )
    device: str = Field("auto", description="`auto`, `cpu`, `cuda`, `mps`.")
    batch: int = Field(16, ge=1, description="Requests answered together by a local model.")
    base_url: str = Field("https://api.openai.com/v1", description="Of an `openai:` model.")
    api_key_env: str = Field("OPENAI_API_KEY", description="Environment variable that holds the key.")
    timeout: float = Field(
        60.0, gt=0, description="Seconds for one call of an `openai:` model; for the next answer of a `command:`."
    )
    retries: int = Field(4, ge=0, description="Further attempts after a transient failure.")
    concurrency: int = Field(8, ge=1, description="Calls under way at once of an `openai:` model.")


class Generate(Section):
    max_tokens: int = Field(96, ge=1, description="Longest answer.")
    temperature: float = Field(0.0, ge=0, description="0 is greedy.")
    stop: tuple[str, ...] = Field((), description="The answer ends before the first of these.")
    seed: int = Field(0, description="Of the sampling; without effect at temperature 0.")
    schema_: dict[str, Any] | None = Field(None, alias="schema", description="JSON schema for the answer.")
    choices: Literal["auto", "labels", "free"] = Field(
        "auto",
        description="`labels`: every answer is one of the references' labels, where the model can be held to it; `free`:"
        " whatever the model writes; `auto`: `labels` where the task is `classify` and no `schema` is given.",
    )

    @model_validator(mode="after")
    def _labels_are_no_json(self) -> "Generate":
        if self.choices == "labels" and self.schema_ is not None:
            raise ValueError('`choices = "labels"` and a `schema` ask for two different answers; keep one of them')
        return self


class Embedder(Section):
    name: str = Field("minilm", description="`minilm` (local) or `hashing` (no model, for tests).")


class Store(Section):
    name: str = Field("lancedb", description="`lancedb` (embedded) or `memory` (exact, one file).")


class Retrieve(Section):
    passages: int = Field(2, ge=1, description="Chunks put into the prompt.")
    candidates: int = Field(30, ge=1, description="Chunks taken from each list before fusion.")
    mode: Literal["hybrid", "dense", "lexical"] = Field(
        "hybrid", description="`dense` by meaning, `lexical` by words (BM25), `hybrid` both, fused by rank."
    )
    rrf_k: int = Field(60, ge=1, description="Constant of reciprocal-rank fusion.")
    document_weight: float = Field(
        0.0,
        ge=0,
        description="Lifts chunks whose document has other good chunks; .25 helps where a page is one subject.",
    )
    filter: dict[str, Any] = Field({}, description='Metadata filter, e.g. `{region = "uk"}` or `{year = {ge = 2020}}`.')


class Prompt(Section):
    instructions: str = Field(
        "Answer the question briefly and correctly.", description="System message of every arm but `base`."
    )
    shots: int = Field(2, ge=0, description="Few-shot examples in `prompted` and `rag`, chosen from the training rows.")
    shots_by: Literal["fixed", "nearest"] = Field(
        "fixed",
        description="`fixed`: the same for every question; `nearest`: those most like it, none on its own subject.",
    )
    search: int = Field(
        0,
        ge=0,
        description="Try this many prompts on dev questions in every arm that trains nothing, and take the best; 0: none.",
    )
    candidates: tuple[str, ...] = Field(
        (), description="Instructions that the search tries; empty: `instructions` alone."
    )
    abstain: str = Field("I don't know.", description="What to say when the answer is not known; recognised by it too.")
    abstain_pattern: str = Field(
        "", description="Regular expression that recognises an abstention; default: `abstain`."
    )


class Tune(Section):
    method: Literal["lora", "qlora", "full"] = Field(
        "lora",
        description="`lora` an adapter on all linear layers, `qlora` the same over a 4-bit base, `full` all weights.",
    )
    rank: int = Field(16, ge=1, description="Width of the adapter.")
    alpha: int = Field(0, ge=0, description="0: twice the rank.")
    dropout: Share = Field(0.0, description="On the adapter's input.")
    rate: float = Field(0.0, ge=0, description="Peak learning rate; 0: 1e-3 below 500M parameters, else 2e-4.")
    epochs: float = Field(3.0, gt=0, description="Passes over the rows.")
    batch: int = Field(
        0, ge=0, description="Rows per optimiser step; 0: 2 to 8, so that few rows still make some 200 steps."
    )
    warmup: Share = Field(0.05, description="Share of the steps in which the rate rises.")
    rows: int = Field(0, ge=0, description="Train on this many rows at most; 0: all.")
    max_tokens: int = Field(0, ge=0, description="Longest row; 0: from the data.")
    trainer: str = Field("peft", description="`peft`, or `memorise` (a fake for tests).")
    oracle: Share = Field(
        0.8, description="Hybrid: share of the rows naming `documents` whose passages hold the answer."
    )
    distractors: int = Field(
        1, ge=0, description="Hybrid: wrong passages beside the right one, from our own retriever."
    )


class StyleCheck(Section):
    weight: float = Field(1.0, gt=0, description="What the check counts for.")
    pattern: str = Field("", description="Regular expression that the whole answer must match.")
    words: tuple[int, int] | None = Field(None, description="Fewest and most words, e.g. `[5, 40]`.")
    require: tuple[str, ...] = Field((), description="Wordings that must all stand in the answer.")
    forbid: tuple[str, ...] = Field((), description="Wordings none of which may stand in the answer.")
    like: bool = Field(False, description="More like the training references than like the documents' own sentences.")
    against: str = Field(
        "",
        description="With `like`: JSONL of texts in other styles (`text`, optional `group`) instead of the documents.",
    )

    @field_validator("words")
    @classmethod
    def _fewest_first(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and not 0 <= value[0] <= value[1]:
            raise ValueError("must be the fewest and the most words, in this order")
        return value

    @field_validator("require", "forbid")
    @classmethod
    def _no_blanks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(wording.strip() for wording in value):
            raise ValueError("a wording is blank")
        return value

    @model_validator(mode="after")
    def _one_check(self) -> "StyleCheck":
        given = [bool(self.pattern), self.words is not None, bool(self.require), bool(self.forbid), self.like]
        if sum(given) != 1:
            raise ValueError("a check has exactly one of pattern, words, require, forbid, like = true")
        if self.against and not self.like:
            raise ValueError("`against` belongs to `like = true`")
        return self


class Kpi(Section):
    name: str = Field(description="The metric's name in reports.")
    pattern: str = Field("", description="Regular expression that the whole answer must match.")
    schema_: dict[str, Any] | None = Field(None, alias="schema", description="JSON schema that the answer must fulfil.")
    call: str = Field("", description="`module:function` taking (example, answer text), returning a number in [0, 1].")
    plugin: str = Field("", description="A check of another package, by the name of its entry point.")
    options: dict[str, Any] = Field({}, description="Keywords that a `plugin` check is made with.")
    checks: tuple[StyleCheck, ...] = Field(
        (), description="A style: checks with weights; the mark is the share of the weights that an answer passes."
    )

    @model_validator(mode="after")
    def _one_check(self) -> "Kpi":
        if (
            sum([bool(self.pattern), self.schema_ is not None, bool(self.call), bool(self.plugin), bool(self.checks)])
            != 1
        ):
            raise ValueError("a KPI has exactly one of pattern, schema, call, plugin, checks")
        return self


class Compare(Section):
    arms: tuple[str, ...] = Field(DEFAULT_ARMS, description="Kinds, or names of `[arms.NAME]` tables.")
    metric: str = Field("", description="Primary metric; default: `facts` where examples carry facts, else by task.")
    margin: float = Field(0.05, gt=0, description="Smallest difference that matters, in the metric's units.")
    level: float = Field(0.95, gt=0.5, lt=1, description="Of the intervals; tests use 1 − level.")
    wrong_below: Share | None = Field(
        None,
        description="An answer counts as wrong below this mark of a graded metric; by default 0.5, and 0.25 of ROUGE, half of"
        " which is beyond nearly every good summary. Of a 0/1 metric below 1.",
    )
    kpis: tuple[Kpi, ...] = Field((), description="Checks of a team's own, each a metric.")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="Training seeds.")
    questions: int = Field(0, ge=0, description="Ask this many test questions at most; 0: all.")
    max_failures: Share = Field(0.05, description="More failed answers than this share fail the run.")
    budget: str = Field(
        "",
        description="Time for the whole comparison, such as `10m` or `1h30m`; sizes are cut to fit. Empty: no limit.",
    )

    @field_validator("budget")
    @classmethod
    def _one_spelling(cls, value: str) -> str:
        return compact(seconds_of(value)) if value else ""

    require: tuple[str, ...] = Field(
        (),
        description="Requirements such as `hybrid.facts >= rag.facts - 0.05`: `compare` exits with 3 unless they hold.",
    )
    contrasts: tuple[str, ...] = Field(
        (), description='The pairs that count, e.g. `["hybrid-rag"]`; the others are exploratory. Empty: all pairs.'
    )
    adjust: Literal["holm", "max-t"] = Field(
        "holm", description="p-values of the pairs that count: `holm`, or `max-t` by flipping groups jointly."
    )

    @model_validator(mode="after")
    def _contrasts_are_of_arms(self) -> "Compare":
        read_contrasts(self.contrasts, self.arms)
        return self


def _kind_or_outside(schema: dict[str, Any]) -> None:
    """The published schema's way of saying when an arm needs a `kind`."""
    schema.pop("required")
    outside = {"required": ["name"], "properties": {"name": {"pattern": f"^({'|'.join(OUTSIDE)}):"}}}
    schema["anyOf"] = [{"required": ["kind"]}, {"required": ["model"], "properties": {"model": outside}}]


class Arm(Section):
    model_config = ConfigDict(json_schema_extra=_kind_or_outside)

    kind: ArmKind = Field(
        description="Which switches are on: retrieval, adapter, worked examples in the prompt. May be left out where"
        " the arm's own model is an outside system: `external`."
    )
    model: Model | None = Field(None, description="A model of its own.")
    generate: Generate | None = Field(None, description="Limits and sampling of its own.")
    retrieve: Retrieve | None = Field(None, description="Retrieval of its own.")
    prompt: Prompt | None = Field(None, description="A prompt of its own.")
    tune: Tune | None = Field(None, description="Training of its own.")

    @model_validator(mode="before")
    @classmethod
    def _an_outside_system_is_external(cls, value: Any) -> Any:
        model = value.get("model") if isinstance(value, dict) and "kind" not in value else None
        name = model.get("name") if isinstance(model, dict) else None
        return {**value, "kind": "external"} if str(name).split(":")[0] in OUTSIDE else value


class Constraints(Section):
    seconds_p95: float | None = Field(None, gt=0, description="Most seconds that 95 of 100 answers may take.")
    usd_per_1000: float | None = Field(None, ge=0, description="Most US dollars that 1,000 answers may cost.")
    fresh: Share | None = Field(None, description="Least share of changed facts answered rightly after the update.")
    private: bool = Field(
        False, description="No text may leave this machine: arms that would send some elsewhere are not asked."
    )
    no_gpu: bool = Field(False, description="No arm may need a GPU of yours to answer.")


class Cost(Section):
    usd_per_hour: float = Field(0.10, ge=0, description="Price of this machine, for local models.")
    prices: dict[str, tuple[float, float]] = Field({}, description="Model → USD per million (input, output) tokens.")
    queries_per_month: int = Field(10_000, ge=0, description="Questions a month, for what a year costs.")
    updates_per_month: float = Field(1.0, ge=0, description="How often a month the documents change.")


class Judge(Section):
    model: str = Field(
        "",
        description="A model that judges every answer, named as in `[model]`, which gives the rest. Empty: no judge.",
    )
    criteria: str = Field("", description="A sentence that an answer meets or does not; the judge says yes or no.")
    labels: str = Field(
        "", description='JSONL of answers that people judged: `input`, `answer`, `label` ("yes" or "no"), for kappa.'
    )
    repeats: int = Field(
        2, ge=1, description="Judgements of each answer or pair; every second one with the options turned round."
    )
    temperature: float = Field(0.0, ge=0, description="Above 0 where there are more than 2 repeats.")
    alone: bool = Field(True, description="Judge every answer by itself, for the metric `judge`.")
    pairs: tuple[str, ...] = Field(
        (),
        description='Arms whose answers are laid side by side, e.g. `["hybrid-rag"]`: which meets the criterion better.',
    )
    pair_labels: str = Field(
        "", description='JSONL of pairs that people judged: `input`, `a`, `b`, `label` ("a", "b" or "tie"), for kappa.'
    )
    base_url: str = Field("", description="Of an `openai:` judge; default: as in `[model]`.")
    api_key_env: str = Field("", description="Environment variable of its key; default: as in `[model]`.")

    @model_validator(mode="after")
    def _whole(self) -> "Judge":
        if bool(self.model) != bool(self.criteria.strip()):
            raise ValueError("a judge needs both `model` and `criteria`")
        if self.repeats > 2 and self.temperature == 0:
            raise ValueError("more than 2 repeats at temperature 0 only say the same again; set a `temperature`")
        if self.pairs and self.repeats % 2:
            raise ValueError("`pairs` are shown equally often in both orders: `repeats` must be even")
        if self.model and not (self.alone or self.pairs):
            raise ValueError("with `alone = false` a judge needs `pairs`, or there is nothing to judge")
        return self


class Probes(Section):
    freshness: bool | Literal["made", "auto"] = Field(
        True,
        description="Re-ask the changed facts after the documents changed: to the second version that is given; `made`:"
        " to one made from the documents by exchanging values; `auto`: made where none is given.",
    )
    freshness_questions: int = Field(0, ge=0, description="At most this many; the unused wordings first. 0: all.")
    retune: bool = Field(
        False,
        description="After the documents changed, train `tuned` and `hybrid` anew on one wording of each changed"
        " fact, and ask the others.",
    )
    forgetting: bool = Field(True, description="Measure what tuning cost a model of what it knew.")
    forgetting_texts: int = Field(24, ge=0, description="Paragraphs of general English it reads; 0: all 200.")
    forgetting_instructions: int = Field(12, ge=0, description="Plain instructions it is given; 0: all 60.")
    robustness: bool = Field(False, description="Ask the arms that look up over altered passages too.")
    robustness_questions: int = Field(24, ge=0, description="Answerable test questions for it at most; 0: all.")
    reading: bool = Field(False, description="Ask whether an adapter costs its model the use of the right passage.")
    reading_questions: int = Field(24, ge=0, description="Answerable test questions for it at most; 0: all.")
    domain: bool = Field(
        True, description="Loss on the documents' own text without and with each adapter, and the gain on seen and new."
    )
    domain_texts: int = Field(24, ge=1, description="Passages of the documents it reads.")
    by_passages: bool = Field(
        True, description="The primary metric on questions that need several passages or facts beside the others."
    )
    tuning_methods: bool = Field(
        True, description="Set arms side by side that differ only in how they are tuned: LoRA, QLoRA, all weights."
    )
    latency: int = Field(4, ge=0, description="Questions answered one at a time by every arm; 0: none.")
    gap: int = Field(24, ge=0, description="Training and dev questions answered by each tuned arm; 0: none.")
    curve: bool = Field(
        False, description="Train `tuned` and `hybrid` on 25 and 50 % of their rows too: would more examples help?"
    )


class Config(Section):
    schema_: Literal[1] = Field(1, alias="schema", description="Version of this file's format.")
    project: Project = Project()
    documents: Documents
    chunks: Chunks = Chunks()
    examples: Examples = Examples()
    model: Model = Model()
    generate: Generate = Generate()
    embedder: Embedder = Embedder()
    store: Store = Store()
    retrieve: Retrieve = Retrieve()
    prompt: Prompt = Prompt()
    tune: Tune = Tune()
    compare: Compare = Compare()
    arms: dict[str, Arm] = {}
    constraints: Constraints = Constraints()
    cost: Cost = Cost()
    probes: Probes = Probes()
    judge: Judge = Judge()

    @model_validator(mode="after")
    def _judged_pairs_are_of_arms(self) -> "Config":
        try:
            read_contrasts(self.judge.pairs, self.compare.arms)
        except ValueError as error:
            raise ValueError(f"[judge] pairs: {error}") from error
        return self

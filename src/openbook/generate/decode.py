"""Tokens to tokens: a key-value cache filled once and grown step by step, for causal and for seq2seq models.

A row's tokens come from its own prompt, seed and temperature and not from the rows beside it: padding is masked,
positions count from the row's own beginning, chance is drawn per row. Knows nothing of text, stop strings or requests.
"""

import copy
import inspect
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

PREFIXES_KEPT = 4
PREFIX_TOKENS_KEPT = 4096


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """One answer under way.

    Attributes:
        prompt: Token ids to answer.
        prefix: The first so many of them are shared with other prompts: their state is computed once and kept.
        temperature: 0 is greedy.
        chance: A seeded `torch.Generator` on the CPU, where the temperature is above 0.
        written: Tokens so far, without the end-of-sequence token.
        ended: The model wrote its end-of-sequence token.
        done: Set by whoever reads the steps: the line takes no further part.
        seconds: The line's share of the time spent: each step's time over the lines in it.
        elapsed: Time spent on its batch until its latest token.
        chosen: Which of some given answers it is, where it had to be one (`choose`).
        log_probability: Sum over its tokens, the end-of-sequence token included, of the natural logarithm of the
            probability that the model gave them (at temperature 1).
    """

    prompt: list[int]
    prefix: int = 0
    temperature: float = 0.0
    chance: Any = None
    written: list[int] = field(default_factory=list)
    ended: bool = False
    done: bool = False
    seconds: float = 0.0
    elapsed: float = 0.0
    chosen: int | None = None
    log_probability: float = 0.0


class Engine(Protocol):
    """A model that reads prompts and then goes on token by token."""

    def start(self, lines: Sequence[Line]) -> torch.Tensor:
        """Read prompts and what was written so far; next-token logits, (lines, vocabulary)."""
        ...

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Take one token for each line; next-token logits."""
        ...

    def keep(self, places: Sequence[int]) -> None:
        """Drop all lines but these from what is kept in memory."""
        ...

    def after(self, places: Sequence[int], pieces: Sequence[Sequence[int]]) -> torch.Tensor:
        """Next-token logits after each token of a piece put after the line at each place; what is kept stays as it is.

        Returns:
            (pieces, longest piece, vocabulary); beyond a piece's end without meaning.
        """
        ...


def decode(engine: Engine, lines: Sequence[Line], *, ends: frozenset[int]) -> Iterator[list[Line]]:
    """Write tokens, yielding after each step the lines that took part; the reader marks those that are `done`.

    A line that has written something goes on from there.

    Args:
        ends: Token ids that end an answer.
    """
    active = list(lines)
    started = time.perf_counter()
    logits = engine.start(active)
    while active:
        for line, (token, log_probability) in zip(active, _choose(logits, active), strict=True):
            line.ended = token in ends
            line.log_probability += log_probability
            if not line.ended:
                line.written.append(token)
        spent = time.perf_counter() - started
        for line in active:
            line.seconds += spent / len(active)
            line.elapsed += spent
        yield active
        started = time.perf_counter()
        places = [place for place, line in enumerate(active) if not (line.done or line.ended)]
        if len(places) < len(active):
            active = [active[place] for place in places]
            if active:
                engine.keep(places)
        if active:
            logits = engine.step([line.written[-1] for line in active])


def _choose(logits: torch.Tensor, lines: Sequence[Line]) -> list[tuple[int, float]]:
    """Each line's next token, and the logarithm of the probability that the model gives it."""
    with torch.inference_mode():
        chosen: list[int] = logits.argmax(dim=-1).tolist()
        for place, line in enumerate(lines):
            if line.temperature > 0:
                weights = torch.softmax(logits[place].float().cpu() / line.temperature, dim=-1)
                chosen[place] = int(torch.multinomial(weights, 1, generator=line.chance))
        taken = logits.gather(-1, torch.tensor(chosen, device=logits.device)[:, None])[:, 0]
        return list(zip(chosen, (taken - logits.logsumexp(-1)).tolist(), strict=True))


class CausalEngine:
    """A decoder-only model. Prompts are padded on the left; shared prefixes are computed once and kept.

    Args:
        model: From transformers, in evaluation mode.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._prefixes: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        takes = inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self._positions = "position_ids" in takes

    def fresh(self) -> "CausalRun":
        return CausalRun(self)

    def knows(self, prefix: Sequence[int]) -> bool:
        """Whether this prefix is kept already."""
        return tuple(prefix) in self._prefixes

    def prefix(self, tokens: Sequence[int], copies: int) -> Any:
        """A cache of these tokens for `copies` lines, which the caller may change; None for no tokens."""
        if not tokens:
            return None
        key = tuple(tokens)
        kept = self._prefixes.pop(key, None)
        if kept is None:
            ids = torch.tensor([key], device=self._model.device)
            kept = self._model(input_ids=ids, use_cache=True, **self._last_only).past_key_values
        self._prefixes[key] = kept
        while len(self._prefixes) > 1 and (
            len(self._prefixes) > PREFIXES_KEPT or sum(map(len, self._prefixes)) > PREFIX_TOKENS_KEPT
        ):
            self._prefixes.popitem(last=False)
        cache = copy.deepcopy(kept)
        cache.batch_repeat_interleave(copies)
        return cache

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any) -> tuple[Any, Any]:
        """(last position's logits in float32, grown cache)."""
        given = self._forward(ids, mask, positions, cache, **self._last_only)
        return given.logits[:, -1].float(), given.past_key_values

    def logits(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any) -> torch.Tensor:
        """Logits of every position in float32; the cache grows and is the caller's to drop."""
        found: torch.Tensor = self._forward(ids, mask, positions, cache).logits.float()
        return found

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any, **more: int) -> Any:
        where = {"position_ids": positions} if self._positions else {}
        return self._model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **where, **more)

    @property
    def network(self) -> Any:
        """The model itself, for whoever needs more of it than the next token."""
        return self._model

    @property
    def device(self) -> Any:
        return self._model.device


class CausalRun:
    """One batch on a causal model: its cache, its mask, each line's length."""

    def __init__(self, engine: CausalEngine) -> None:
        self._engine = engine
        self._cache: Any = None
        self._mask: Any = None
        self._lengths: Any = None

    def start(self, lines: Sequence[Line]) -> torch.Tensor:
        """See `Engine`. All lines share their first `prefix` tokens."""
        with torch.inference_mode():
            shared = lines[0].prefix
            rests = [(line.prompt + line.written)[shared:] for line in lines]
            width, device = max(map(len, rests)), self._engine.device
            ids = torch.tensor([[0] * (width - len(rest)) + rest for rest in rests], device=device)
            own = torch.tensor([[0] * (width - len(rest)) + [1] * len(rest) for rest in rests], device=device)
            positions = (own.cumsum(-1) - 1).clamp(min=0) + shared
            cache = self._engine.prefix(lines[0].prompt[:shared], len(lines))
            self._mask = torch.cat([own.new_ones(len(lines), shared), own], dim=-1)
            self._lengths = own.sum(-1, keepdim=True) + shared
            logits, self._cache = self._engine.forward(ids, self._mask, positions, cache)
            return logits

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """See `Engine`."""
        with torch.inference_mode():
            ids = torch.tensor(tokens, device=self._engine.device)[:, None]
            self._mask = torch.cat([self._mask, self._mask.new_ones(len(tokens), 1)], dim=-1)
            logits, self._cache = self._engine.forward(ids, self._mask, self._lengths, self._cache)
            self._lengths = self._lengths + 1
            return logits

    def keep(self, places: Sequence[int]) -> None:
        """See `Engine`."""
        with torch.inference_mode():
            chosen = torch.tensor(places, device=self._engine.device)
            self._cache.batch_select_indices(chosen)
            self._mask, self._lengths = self._mask[chosen], self._lengths[chosen]

    def after(self, places: Sequence[int], pieces: Sequence[Sequence[int]]) -> torch.Tensor:
        """See `Engine`. Pieces are padded on the right, where no token looks."""
        with torch.inference_mode():
            chosen, ids = torch.tensor(places, device=self._engine.device), _padded(pieces, self._engine.device)
            cache = copy.deepcopy(self._cache)
            cache.batch_select_indices(chosen)
            mask = torch.cat([self._mask[chosen], self._mask.new_ones(ids.shape)], dim=-1)
            positions = self._lengths[chosen] + torch.arange(ids.shape[1], device=self._engine.device)
            return self._engine.logits(ids, mask, positions, cache)


class Seq2SeqEngine:
    """An encoder and a decoder. Prompts are padded on the right and read once by the encoder.

    Args:
        model: From transformers, in evaluation mode.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def fresh(self) -> "Seq2SeqRun":
        return Seq2SeqRun(self._model)

    def knows(self, prefix: Sequence[int]) -> bool:
        """An encoder reads a prompt as a whole: there is no prefix to keep."""
        return False


class Seq2SeqRun:
    """One batch on a seq2seq model: the encoder's output and the decoder's cache."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._read: Any = None
        self._mask: Any = None
        self._cache: Any = None

    def start(self, lines: Sequence[Line]) -> torch.Tensor:
        """See `Engine`. All lines have written equally much."""
        with torch.inference_mode():
            width, device = max(len(line.prompt) for line in lines), self._model.device
            ids = torch.tensor([line.prompt + [0] * (width - len(line.prompt)) for line in lines], device=device)
            self._mask = torch.tensor(
                [[1] * len(line.prompt) + [0] * (width - len(line.prompt)) for line in lines], device=device
            )
            self._read = self._model.get_encoder()(input_ids=ids, attention_mask=self._mask)
            begin = self._model.generation_config.decoder_start_token_id
            return self._forward(torch.tensor([[begin, *line.written] for line in lines], device=device))

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """See `Engine`."""
        with torch.inference_mode():
            return self._forward(torch.tensor(tokens, device=self._model.device)[:, None])

    def keep(self, places: Sequence[int]) -> None:
        """See `Engine`."""
        with torch.inference_mode():
            chosen = torch.tensor(places, device=self._model.device)
            self._cache.batch_select_indices(chosen)
            self._mask = self._mask[chosen]
            self._read.last_hidden_state = self._read.last_hidden_state[chosen]

    def after(self, places: Sequence[int], pieces: Sequence[Sequence[int]]) -> torch.Tensor:
        """See `Engine`. The decoder reads its few tokens anew; the encoder's output is what was long in the making."""
        from transformers.modeling_outputs import BaseModelOutput

        with torch.inference_mode():
            device, begin = self._model.device, self._model.generation_config.decoder_start_token_id
            chosen = torch.tensor(places, device=device)
            given = self._model(
                encoder_outputs=BaseModelOutput(last_hidden_state=self._read.last_hidden_state[chosen]),
                attention_mask=self._mask[chosen],
                decoder_input_ids=_padded([[begin, *piece] for piece in pieces], device),
                use_cache=False,
            )
            found: torch.Tensor = given.logits[:, 1:].float()
            return found

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        given = self._model(
            encoder_outputs=self._read,
            attention_mask=self._mask,
            decoder_input_ids=ids,
            past_key_values=self._cache,
            use_cache=True,
        )
        self._cache = given.past_key_values
        logits: torch.Tensor = given.logits[:, -1].float()
        return logits


def _padded(rows: Sequence[Sequence[int]], device: Any) -> torch.Tensor:
    """Rows of ids as one tensor, with zeros on the right."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *([0] * (width - len(row)))] for row in rows], device=device)

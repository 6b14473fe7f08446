"""Real models with random weights, so small that they are made in a moment: a Llama and a T5, each with a tokenizer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.core.types import Answer, Request
from openbook.generate.collect import generate
from openbook.models import LocalModel

if TYPE_CHECKING:
    from openbook.generate.local import LocalGenerator

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXTS = [
    "Returns are free within 27 days of delivery. Worn boots are not taken back.",
    "Climbing ropes are retired after a hard fall. Question: How often are ropes checked? Answer: every spring.",
    "You answer questions about the rules of an outdoor shop, briefly and in full sentences. Passages:",
    "Das Café in Zürich öffnet um 8 Uhr.",
]


def tokenizer(folder: Path, *, template: bool, end_added: bool = False, vocabulary: int = 400) -> Any:
    """A byte-level BPE tokenizer trained on a few sentences: every text, emoji too, goes in and comes out whole."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<pad>", "</s>", "<s>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    raw.train_from_iterator(TEXTS, trainer)
    if end_added:
        raw.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    made = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", bos_token="<s>")
    if template:
        made.chat_template = TEMPLATE
    made.save_pretrained(folder)
    return made


def llama(
    folder: Path, *, template: bool = True, seed: int = 0, context: int = 512, spread: float = 0.4, width: int = 32
) -> Path:
    """A Llama of two layers; `spread` makes its random answers vary from prompt to prompt."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    vocabulary = len(tokenizer(folder, template=template))
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=spread,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def t5(folder: Path, *, seed: int = 0) -> Path:
    """A T5 of two layers on either side."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    vocabulary = len(tokenizer(folder, template=False, end_added=True))
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=vocabulary,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        initializer_factor=2.0,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def generator(model: LocalModel, **changes: Any) -> "LocalGenerator":
    """A local generator whose arithmetic is the same on every machine."""
    from openbook.generate.local import LocalGenerator

    return LocalGenerator(model, **{"dtype": "float32", "device": "cpu", **changes})


def texts(made: "LocalGenerator", requests: Sequence[Request]) -> list[str]:
    """What it answers; none may fail."""
    results = generate(made, requests)
    assert all(isinstance(result, Answer) for result in results), results
    return [result.text for result in results if isinstance(result, Answer)]

"""The extractive answerer."""

from dataclasses import replace

from openbook.core.types import Answer, Chunk, Hit, Message, Request
from openbook.generate.collect import generate
from openbook.generate.quote import QuoteGenerator, best_sentence


def hit(name: str, text: str, *headings: str) -> Hit:
    chunk = Chunk(document=f"{name}.md", text=text, start=0, end=len(text), headings=headings)
    return Hit(chunk=chunk, score=1.0)


SHIPPING = hit("shipping", "Parcels take five days. Parcels to Ireland take nine days.", "Shipping")
RETURNS = hit("returns", "Returns are free.\nReturned boots must be unworn.", "Returns")


def ask(query: str, *hits: Hit, **changes: object) -> Answer:
    request = Request(messages=(Message(role="user", content=query),), query=query, hits=hits)
    (answer,) = generate(QuoteGenerator(abstain="No idea."), [replace(request, **changes)])  # type: ignore[arg-type]
    assert isinstance(answer, Answer)
    return answer


def test_it_answers_with_the_sentence_that_covers_the_question_and_cites_it() -> None:
    answer = ask("How long do parcels to Ireland take?", RETURNS, SHIPPING)
    assert answer.text == "Parcels to Ireland take nine days. [shipping]"
    (citation,) = answer.citations
    assert (citation.chunk, citation.quote) == (SHIPPING.chunk.id, "Parcels to Ireland take nine days.")
    assert not answer.abstained


def test_words_count_by_their_stem() -> None:
    assert ask("May a boot be returned?", SHIPPING, RETURNS).text.startswith("Returned boots must be unworn.")


def test_of_equals_the_earlier_sentence_is_taken() -> None:
    assert ask("parcels", SHIPPING).text == "Parcels take five days. [shipping]"


def test_the_heading_above_a_sentence_tells_passages_apart() -> None:
    uk, ie = hit("uk", "Delivery costs 4 pounds.", "UK"), hit("ie", "Delivery costs 6 euros.", "Ireland")
    found = best_sentence("What does delivery cost in Ireland?", [uk, ie])
    assert found is not None
    assert found[0] is ie


def test_it_abstains_without_a_shared_word_and_without_hits() -> None:
    for answer in (ask("Who is the king of Spain?", SHIPPING), ask("How long do parcels take?")):
        assert answer.abstained
        assert answer.text == "No idea."
        assert answer.citations == ()


def test_a_quotation_cut_at_the_limit_is_not_cited_as_whole() -> None:
    answer = ask("How long do parcels to Ireland take?", SHIPPING, max_tokens=3)
    assert (answer.text, answer.finish, answer.citations) == ("Parcels to Ireland", "length", ())

"""Labels in an answer, and the passages they name."""

from openbook.core.types import Chunk, Hit
from openbook.generate.citations import cite, cited_labels
from openbook.generate.sentences import sentences


def hit(name: str, text: str, start: int = 0) -> Hit:
    return Hit(chunk=Chunk(document=f"policies/{name}.md", text=text, start=start, end=start + len(text)), score=1.0)


UK = hit("returns-uk", "You may return most things. Returns are free within 27 days. Boots must be unworn.")
NORDICS = hit("returns-nordics", "In the Nordics, returns cost 49 kr.\n- Skis can be returned unwaxed.")


def test_a_document_s_label_is_cited_with_the_sentence_that_backs_it() -> None:
    (citation,) = cite("Free returns take 27 days at most [returns-uk].", [NORDICS, UK])
    assert citation.chunk == UK.chunk.id
    assert citation.label == "returns-uk"
    assert citation.quote == "Returns are free within 27 days."


def test_a_number_names_the_passage_in_that_place() -> None:
    assert [citation.label for citation in cite("It costs 49 kr [1].", [NORDICS, UK])] == ["returns-nordics"]


def test_several_labels_may_share_one_bracket() -> None:
    text = "See [returns-uk, 1] for more."
    assert [citation.label for citation in cite(text, [NORDICS, UK])] == ["returns-uk", "returns-nordics"]
    assert cited_labels("[a; b] and [c and d], [a]") == ["a", "b", "c", "d"]


def test_each_claim_is_backed_by_its_own_sentence() -> None:
    text = "Skis may come back unwaxed [returns-nordics]. Boots must be unworn [returns-uk]."
    quotes = [citation.quote for citation in cite(text, [UK, NORDICS])]
    assert quotes == ["- Skis can be returned unwaxed.", "Boots must be unworn."]


def test_of_two_passages_with_one_label_the_one_that_says_it_counts() -> None:
    other = hit("returns-uk", "Refunds take five days.", start=400)
    (citation,) = cite("Refunds take five days [returns-uk].", [UK, other])
    assert citation.chunk == other.chunk.id


def test_a_label_that_names_no_passage_is_no_citation() -> None:
    text = "As the manual says [manual] and [7] and [0]."
    assert cite(text, [UK]) == ()
    assert cited_labels(text) == ["manual", "7", "0"]


def test_links_and_plain_text_cite_nothing() -> None:
    assert cite("See [returns-uk](https://example.org) or not.", [UK]) == ()
    assert cite("", [UK]) == cite("No brackets.", []) == ()


def test_sentences_have_exact_places_and_lines_end_them() -> None:
    text = "# Title\n\nDr. Smith paid 3.50 pounds. “Really?” Yes!  \n- a list item\n"
    assert [text[start:end] for start, end in sentences(text)] == [
        "# Title",
        "Dr.",
        "Smith paid 3.50 pounds.",
        "“Really?”",
        "Yes!",
        "- a list item",
    ]

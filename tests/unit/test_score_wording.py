"""Which wordings stand in which texts."""

import pytest

from openbook.score.wording import matches


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("27 days", "You have 27 days."),
        ("27 days", "You have 27\n days!"),
        ("27 days", "(27 days)"),
        ("27 DAYS", "you have 27 days"),
        ("27 days", "You have 27-days"),
        ("27-day", "a 27 day window"),
        ("27 days", "**27 days**"),
        ("27 days", "27 days' notice"),
        ("£11.50", "It costs £11.50."),
        ("£11.50", "It costs £ 11.50, always"),
        ("11.50", "It costs £11.50"),
        ("450 kr", "Pay 450 kr."),
        ("1,450 kr", "Pay 1,450 kr"),
        ("1 450 kr", "Pay 1\u00a0450 kr"),
        ("10%", "a 10 % fee"),
        ("6pm", "until 6pm."),
        ("18:00", "(until 18:00)"),
        ("2-3 days", "in 2–3 days"),
        ("-5 °C", "down to −5 °C"),
        ("can't", "You can’t."),
        ("café", "the cafe\u0301 opens"),
        ("STRASSE", "in der Straße"),
        ("27日", "期間は27日です"),
        ("दिन", "२७ दिन।"),
        ("C++", "written in C++"),
    ],
)
def test_a_wording_stands_in_a_text_whatever_case_spaces_and_punctuation(wording: str, text: str) -> None:
    assert matches(wording, text)


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("27 days", "127 days"),
        ("27 days", "1,027 days"),
        ("27 days", "1.27 days"),
        ("27 days", "2-27 days"),
        ("27 days", "2–27 days"),
        ("450 kr", "1 450 kr"),
        ("450 kr", "1\u202f450 kr"),
        ("5 kg", ".5 kg"),
        ("5 °C", "-5 °C"),
        ("£11", "£11.50"),
        ("£11.50", "€11.50"),
        ("£11.50", "11.50"),
        ("10%", "10 euros"),
        ("6pm", "6 pm"),
        ("6 pm", "6pm"),
        ("27 days", "27 working days"),
        ("27 days", "27 daysailors"),
        ("can", "you can't"),
        ("art", "party"),
        ("27日", "127日"),
        ("दिन", "दान"),
        ("C++", "written in C"),
        ("", "anything"),
        ("!!!", "anything!!!"),
        ("27 days", ""),
    ],
)
def test_a_wording_does_not_stand_in_part_of_a_word_or_of_a_number(wording: str, text: str) -> None:
    assert not matches(wording, text)

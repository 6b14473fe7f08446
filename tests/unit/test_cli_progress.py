"""Progress bars: drawn on a terminal, absent elsewhere."""

import io

from openbook.cli.progress import progress
from openbook.core.protocols import silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_drawn_where_stderr_is_no_terminal() -> None:
    stream = io.StringIO()
    with progress(stream) as show:
        show(1, 2, "reading")
    assert show is silent
    assert stream.getvalue() == ""


def test_a_terminal_sees_what_is_done_and_how_much() -> None:
    stream = Terminal()
    with progress(stream) as show:
        show(1, 4, "reading")
        show(4, 4, "reading")
        show(0, 0, "waiting")
    text = stream.getvalue()
    assert "reading" in text
    assert "4/4" in text
    assert "waiting" in text


def test_ten_thousand_calls_cost_next_to_nothing() -> None:
    import time

    with progress(Terminal()) as show:
        began = time.monotonic()
        for done in range(10_000):
            show(done, 20_000, "embedding")
        assert time.monotonic() - began < 2

"""Which texts can be embedded or searched, and the failure that stands in for one that cannot."""

from openbook.core.types import Failure


def problem(text: object, *, stage: str) -> Failure | None:
    """A failure for what is not a text or holds none; None for a good text."""
    if not isinstance(text, str):
        return _failure(stage, f"A text was expected here, not {type(text).__name__} {text!r:.60}.")
    if not text.strip():
        return _failure(stage, "The text is empty: there is nothing to look for.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return _failure(stage, f"The text holds half of a character at position {error.start}; it was decoded wrongly.")
    return None


def _failure(stage: str, message: str) -> Failure:
    return Failure(stage=stage, error="DataError", message=message)

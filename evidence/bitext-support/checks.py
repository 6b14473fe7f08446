"""Whether a reply keeps the house's placeholders, `{{Website Name}}` and the like: a KPI of this project."""

import re

PLACEHOLDER = re.compile(r"\{\{[^{}]+\}\}")


def placeholders(example, text):
    """1 where every brace is part of a whole placeholder, and there is one if the reference has one."""
    broken = re.search(r"[{}]", PLACEHOLDER.sub("", text)) is not None
    wanted = PLACEHOLDER.search(example.reference) is not None
    return not broken and (not wanted or PLACEHOLDER.search(text) is not None)

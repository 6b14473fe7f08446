"""Advice before any data: what to expect of each arm, what to measure first, how much to label.

An interview's answers pick arguments out of two data files: claims with a source that was looked up (`claims.toml`) and
rules of thumb (`rules.toml`). Knows no project, no documents and no model. Nothing is learnt, nothing is weighted:
see `openbook.advise.weigh`.
"""

from openbook.advise.advice import Advice, Statement, advise

__all__ = ["Advice", "Statement", "advise"]

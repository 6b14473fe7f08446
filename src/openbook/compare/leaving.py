"""Where texts go: which hosts outside this machine a model's questions and an embedder's passages are sent to.

Says "" for nowhere, a host, or None where it is not known. Asks nobody.
"""

from urllib.parse import urlsplit

from openbook.config import Model
from openbook.project import ArmPlan, Project

HERE = ("localhost", "127.0.0.1", "::1")
LOCAL = ("hf", "scripted", "quote", "recorded")
"""Schemes of models that answer on this machine; built-in models have none."""
EMBEDDERS = ("minilm", "hashing")
"""Those of our own, which send nothing anywhere."""


def asked_at(model: Model) -> str | None:
    """Where a model's questions go."""
    scheme, colon, _ = model.name.partition(":")
    if not colon or scheme in LOCAL:
        return ""
    if scheme != "openai":
        return None
    host = urlsplit(model.base_url).hostname or model.base_url
    return "" if host in HERE else host


def embedded_at(project: Project) -> str | None:
    """Where passages and queries go to be embedded: what the embedder says of itself (`sends_to`)."""
    name = project.config.embedder.name
    if name in EMBEDDERS:
        return ""
    found = getattr(project.knowledge.embedder, "sends_to", None)
    return found if isinstance(found, str) else None


def forbidden(project: Project, plan: ArmPlan) -> str:
    """Why `[constraints] private` keeps an arm from being asked at all; empty where it does not."""
    if not project.config.constraints.private:
        return ""
    if host := asked_at(plan.model):
        return f"[constraints] private: its questions would leave this machine for {host}"
    if plan.retrieves and (host := embedded_at(project)):
        return f"[constraints] private: its embedder would send texts to {host}"
    return ""

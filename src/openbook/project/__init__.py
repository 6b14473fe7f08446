"""The composition root: a folder and its configuration become documents, examples, an index, adapters and arms."""

from openbook.project.knowledge import Version
from openbook.project.plans import ArmPlan
from openbook.project.project import Project

__all__ = ["ArmPlan", "Project", "Version"]

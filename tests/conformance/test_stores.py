"""Every store on this machine, through the shipped suite."""

import pytest

from openbook.testing.store import StoreConformance


class TestMemoryStore(StoreConformance):
    target = "openbook.retrieve.memory:MemoryStore"


class TestLanceStore(StoreConformance):
    target = "openbook.retrieve.lance:LanceStore"

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("lancedb", reason="the extra 'lancedb' is not installed")

"""The scripts behind `make`: what they choose, what they keep, what they say when they cannot."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The setup script, pointed at an empty folder."""
    module = tool("setup")
    for name, path in (("ROOT", ""), ("VENV", ".venv"), ("STAMP", ".venv/stamp"), ("LOG", ".venv/log")):
        monkeypatch.setattr(module, name, tmp_path / path)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / ".venv").mkdir()
    return module


def test_without_a_gpu_torch_is_the_build_without_cuda(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup, "pip", lambda name, *arguments: calls.append(arguments))
    setup.install_torch("cpu")
    assert calls == [(f"torch=={setup.TORCH}+cpu",)]


def test_pytorchs_own_index_is_asked_only_where_the_configured_ones_lack_it(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []

    def pip(name: str, *arguments: str) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise setup.Stop("ERROR: No matching distribution found for torch==2.13.0+cpu")

    monkeypatch.setattr(setup, "pip", pip)
    setup.install_torch("cpu")
    assert calls[1] == (f"torch=={setup.TORCH}+cpu", "--extra-index-url", setup.CPU_INDEX)


def test_another_failure_is_not_tried_again(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(name: str, *arguments: str) -> None:
        raise setup.Stop("No space left on device")

    monkeypatch.setattr(setup, "pip", pip)
    with pytest.raises(setup.Stop, match="No space left"):
        setup.install_torch("cpu")


@pytest.mark.parametrize("kind", ["macos", "cuda"])
def test_elsewhere_torch_is_the_ordinary_one(setup: ModuleType, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup, "pip", lambda name, *arguments: calls.append(arguments))
    setup.install_torch(kind)
    assert calls == [(f"torch=={setup.TORCH}",)]


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac never has an NVIDIA GPU")
def test_a_machine_without_nvidia_smi_has_no_gpu(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert setup.torch_kind() == "cpu"
    found = tmp_path / "nvidia-smi"
    found.write_text("#!/bin/sh\necho 'No devices were found' >&2; exit 6\n")
    found.chmod(0o755)
    assert setup.torch_kind() == "cpu"
    found.write_text("#!/bin/sh\necho 'GPU 0: a card'\n")
    assert setup.torch_kind() == "cuda"


def test_a_second_setup_with_nothing_to_do_does_nothing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "torch_kind", lambda: "cpu")
    monkeypatch.setattr(setup, "pip", lambda *_: None)
    monkeypatch.setattr(setup, "step", lambda *_: None)
    assert setup.main(["--dev"]) == 0
    assert "about" in capsys.readouterr().out
    assert setup.main([]) == 0
    assert capsys.readouterr().out == ""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    assert setup.main([]) == 0
    assert "To fetch" in capsys.readouterr().out


def test_an_environment_for_use_is_not_one_for_development(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.STAMP.write_text(json.dumps({"key": setup.key("cpu"), "extra": "local"}))
    assert setup.ready("local", "cpu")
    assert not setup.ready("dev", "cpu")
    assert not setup.ready("local", "cuda")


def test_a_failed_step_shows_the_end_of_its_output(setup: ModuleType) -> None:
    script = "print('\\n'.join(map(str, range(40)))); raise SystemExit(1)"
    with pytest.raises(setup.Stop) as caught:
        setup.step("torch", [sys.executable, "-c", script])
    said = str(caught.value)
    assert "    39\n" in said
    assert "    3\n" not in said
    assert "failed at 'torch'" in said
    assert "0\n1\n2\n" in setup.LOG.read_text()


def test_a_python_without_venv_gets_a_sentence(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    assert setup.main([]) == 1
    said = capsys.readouterr().err
    assert "python3-venv" in said
    assert said.count("\n") == 1


def test_an_old_python_gets_a_sentence(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "OLDEST", (99, 0))
    assert setup.main([]) == 1
    assert "make demo PYTHON=" in capsys.readouterr().err


def test_a_copy_keeps_its_state_and_forgets_what_the_original_lost(tmp_path: Path) -> None:
    steps = tool("steps")
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "pages").mkdir(parents=True)
    (source / "pages" / "a.md").write_text("a")
    (source / ".openbook").mkdir()
    (source / ".openbook" / "foreign").touch()
    steps.refresh(source, target)
    (target / ".openbook").mkdir()
    (target / ".openbook" / "records").write_text("kept")
    (target / "pages" / "gone.md").touch()
    steps.refresh(source, target)
    assert (target / ".openbook" / "records").read_text() == "kept"
    assert not (target / ".openbook" / "foreign").exists()
    assert [path.name for path in (target / "pages").iterdir()] == ["a.md"]
    assert (target / "pages" / "a.md").stat().st_mtime_ns == (source / "pages" / "a.md").stat().st_mtime_ns


def test_evidence_of_an_unknown_project_names_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "evidence.py"), "no-such"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "make evidence NAME=" in done.stderr


def test_make_knows_every_target_it_speaks_of() -> None:
    targets = ["demo", "test", "lint", "evidence", "clean"]
    done = subprocess.run(["make", "-n", *targets], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_make_without_any_python_says_so() -> None:
    done = subprocess.run(["make", "demo", "PYTHON="], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr


def test_continuous_integration_runs_what_everybody_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()

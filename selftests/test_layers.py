"""The layer table of ARCHITECTURE.md, enforced: imports point down, files stay small."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_MAX = 400

ENGINE = {"history", "guarantees", "plans", "clients", "brokers", "executions", "search"}
MAY_IMPORT: dict[str, set[str]] = {
    "deliverycheck/history": set(),
    "deliverycheck/guarantees": {"history"},
    "deliverycheck/big": {"history", "guarantees"},
    "deliverycheck/plans": {"history"},
    "deliverycheck/clients": {"history", "plans"},
    "deliverycheck/brokers": {"history", "plans"},
    "faults": {"history", "plans", "brokers", "clients"},
    "deliverycheck/executions": {"history", "plans", "clients", "brokers"},
    "deliverycheck/search": ENGINE,
    "properties": ENGINE | {"faults", "content"},
    "reports": {"history", "guarantees", "plans"},
    "deliverycheck/cli": ENGINE | {"big", "faults", "properties", "reports", "content"},
}
OURS = {Path(package).name for package in MAY_IMPORT} | {"content", "selftests"}
CONTENT = {"faults", "properties", "reports", "selftests"}
NAMES_NO_SYSTEM = (
    "deliverycheck/history",
    "deliverycheck/guarantees",
    "deliverycheck/big",
    "deliverycheck/executions",
    "deliverycheck/search",
    "reports",
)
SYSTEM = re.compile(r"kafka|rabbit|redis|nats|pulsar|amqp|confluent", re.IGNORECASE)


def modules_of(package):
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package}/ has no modules: is the layer table stale?"
    return found


@cache
def parsed(path):
    return ast.parse(path.read_text())


@cache
def imported_modules(path):
    """The absolute names that a file imports, wherever in it."""
    names = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            # `from deliverycheck import content` imports a module too.
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def imported_packages(path):
    """Those of our packages that a file imports."""
    for name in imported_modules(path):
        first, _, rest = name.partition(".")
        if first == "deliverycheck" and rest:
            yield rest.partition(".")[0]
        elif first in CONTENT:
            yield first


def words_in_code(path):
    """Identifiers and strings of a file with their lines; docstrings and comments are none."""
    tree = parsed(path)
    prose = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            yield node.lineno, node.value
        for name in ("id", "attr", "arg", "name", "module"):
            if isinstance(word := getattr(node, name, None), str):
                yield getattr(node, "lineno", 0), word


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_the_layers_below_it(package):
    allowed = MAY_IMPORT[package] | {Path(package).name}
    for path in modules_of(package):
        upward = (set(imported_packages(path)) & OURS) - allowed
        assert not upward, f"{path.relative_to(ROOT)} imports {sorted(upward)}"


def test_every_package_stands_in_the_table():
    parts = {
        f"deliverycheck/{path.parent.name}"
        for path in (ROOT / "deliverycheck").glob("*/__init__.py")
    }
    assert parts <= MAY_IMPORT.keys()


def test_engine_imports_nothing_from_the_root_of_the_package_but_where_content_lies():
    for path in sorted((ROOT / "deliverycheck").glob("*.py")):
        assert not set(imported_packages(path)) & OURS, path.name


@pytest.mark.parametrize("package", [*sorted(MAY_IMPORT.keys() - {"properties"}), "deliverycheck"])
def test_hypothesis_is_imported_by_properties_and_selftests_alone(package):
    for path in modules_of(package):
        roots = {name.partition(".")[0] for name in imported_modules(path)}
        assert "hypothesis" not in roots, path.relative_to(ROOT)


@pytest.mark.parametrize("package", sorted(NAMES_NO_SYSTEM))
def test_package_names_no_system_in_its_code(package):
    for path in modules_of(package):
        named = [f"{line}: {word}" for line, word in words_in_code(path) if SYSTEM.search(word)]
        assert not named, f"{path.relative_to(ROOT)} knows a system by name: {named}"


@pytest.mark.parametrize(
    "folder", ["deliverycheck", "faults", "properties", "reports", "selftests"]
)
def test_no_file_is_longer_than_400_lines(folder):
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules_of(folder)
        if (lines := path.read_text().count("\n")) > LINES_MAX
    }
    assert not long, "split by idea, not by length"


def test_upward_import_would_be_seen(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def late():\n    from deliverycheck.search import Judge\n    import faults\n")
    assert set(imported_packages(path)) == {"search", "faults"}


def test_system_named_in_code_would_be_seen_and_in_a_docstring_not(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""Kafka."""\nname = "kafka"\nkafka_node = 1\n')
    assert [line for line, word in words_in_code(path) if SYSTEM.search(word)] == [2, 3]

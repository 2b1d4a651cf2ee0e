"""`[tool.deliverycheck]`: what a project fixes is taken, and what it mistypes is named."""

from inspect import signature

import pytest

from deliverycheck.cli import app, campaigns
from deliverycheck.cli.project_options import KINDS, default_map, project_options
from deliverycheck.cli.systems import UsageError


def fixed(folder, table):
    folder.joinpath("pyproject.toml").write_text(table, encoding="utf-8")
    return project_options(folder)


def test_folder_without_a_file_or_without_the_table_fixes_nothing(tmp_path):
    assert project_options(tmp_path) == {}
    assert fixed(tmp_path, "[tool.ruff]\nline-length = 90\n") == {}


def test_table_fixes_options_for_the_commands_that_have_them(tmp_path):
    lines = ("profile = 'ci'", "seed = 7", "minutes = 2.5", "at-once = 4", "client = 'c==1'")
    options = fixed(tmp_path, "\n".join(["[tool.deliverycheck]", *lines]))
    assert options == {"profile": "ci", "seed": 7, "minutes": 2.5, "at-once": 4, "client": "c==1"}
    commands = default_map(options)
    assert commands["run"] == commands["campaign"]
    assert commands["run"]["at_once"] == 4
    assert commands["replay"] == {"client": "c==1"}


def test_every_option_that_a_project_may_fix_is_one_of_its_commands():
    functions = {"run": campaigns.run, "campaign": campaigns.campaign, "replay": app.replay}
    every = default_map(dict.fromkeys(KINDS, "x"))
    assert every.keys() == functions.keys()
    for command, fixed_there in every.items():
        assert fixed_there.keys() <= signature(functions[command]).parameters.keys(), command


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("profil = 'ci'", r"profil: there is no such option. did you mean 'profile'\?"),
        ("zzz = 1", r"zzz: there is no such option. There are: profile, "),
        ("seed = 'x'", r"seed = 'x': expected a number"),
        ("seed = true", r"seed = True: expected a number"),
        ("seed = 1.5", r"seed = 1.5: expected a number"),
        ("profile = 3", r"profile = 3: expected a text"),
        ("profile = ", r"pyproject.toml: "),
    ],
)
def test_table_that_is_not_right_is_named_with_its_file_and_line(tmp_path, line, told):
    with pytest.raises(UsageError, match=told):
        fixed(tmp_path, f"[tool.deliverycheck]\n{line}\n")

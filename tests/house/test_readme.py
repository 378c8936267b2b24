"""The README and docs/ say all that there is to set and to call, and nothing that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config.stack import local_env
from tenants.roles import Role, in_words

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PAGES = {page.relative_to(ROOT).as_posix(): page.read_text() for page in (ROOT / "docs").rglob("*.md")}
PAGES["README.md"] = README
EXAMPLE = (ROOT / ".env.example").read_text()
APPS = ("config", "applications", "guests", "passcodes", "providers", "outbox", "tenants")

NAME = re.compile(r"[A-Z][A-Z_]+")
SET_BY_THE_STACK = {"LOCAL_STACK", "MAIL_FOLDER"}


def settings_read() -> set[str]:
    """The names of the variables that settings.py asks the environment for."""
    tree = ast.parse((ROOT / "config/settings.py").read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (isinstance(call.func, ast.Name) or ast.unparse(call.func).startswith("env."))
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and NAME.fullmatch(call.args[0].value)
    }


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in APPS)


def rows_of(heading: str) -> set[str]:
    """The first column, in code, of the tables under a heading of the README."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def linked() -> list[tuple[str, str]]:
    """Every link to a file of ours: (the page, the file)."""
    return [
        (page, target.partition("#")[0])
        for page, text in sorted(PAGES.items())
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in target and not target.startswith("#")
    ]


def test_J_it_finds_the_settings_at_all() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "TRUSTED_PROXIES", "LOG_LEVEL"} <= settings_read()
    assert set(local_env.SETTINGS) <= settings_read()


@pytest.mark.parametrize("name", sorted(settings_read()))
def test_J_every_setting_stands_in_the_readme(name: str) -> None:
    assert name in rows_of("Settings") if name not in SET_BY_THE_STACK else f"`{name}`" in README


@pytest.mark.parametrize("name", sorted(settings_read() - SET_BY_THE_STACK))
def test_J_every_setting_stands_in_the_example_with_a_sentence(name: str) -> None:
    assert re.search(rf"^# \S.+\.\n#?{name}=", EXAMPLE, re.MULTILINE)


def test_J_no_setting_is_named_that_nothing_reads() -> None:
    named = rows_of("Settings") | set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert {name for name in named - settings_read() if not name.startswith("ANYMAIL_")} == set()


def test_J_nothing_stands_in_the_readme_twice() -> None:
    names = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    assert [name for name in names if names.count(name) > 1] == []
    for section in README.split("\n## "):
        steps = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
        assert steps == list(range(1, len(steps) + 1)), section.partition("\n")[0]


@pytest.mark.parametrize("role", Role)
def test_R63_a_role_may_what_the_readme_says(role: Role) -> None:
    said = in_words(role).removeprefix("May ").removesuffix(".")
    assert f"| `{role}` | {said} |\n" in README


def test_R63_no_role_is_named_that_is_not_there() -> None:
    assert rows_of("How an administrator works") == {role.value for role in Role}


@pytest.mark.parametrize("name", our_commands())
def test_H_every_command_stands_in_the_readme(name: str) -> None:
    assert name in rows_of("Commands")


def test_H_no_command_is_named_that_is_not_there() -> None:
    named = rows_of("Commands")
    for text in PAGES.values():
        named |= set(re.findall(r"manage\.py ([a-z][a-z_]+)", text))
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize(("document", "target"), linked())
def test_J_every_link_leads_to_a_file(document: str, target: str) -> None:
    assert (ROOT / document).parent.joinpath(target).exists()


@pytest.mark.parametrize("folder", ["script", "docs"])
def test_J_every_path_that_is_named_in_code_is_there(folder: str) -> None:
    for page, text in PAGES.items():
        for path in re.findall(rf"(?<![\w/.])({folder}/[\w./*-]*\w)", text):
            assert list(ROOT.glob(path)), f"{page} names {path}"

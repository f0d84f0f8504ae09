"""What the documents name exists: a command, a page, a person, a module or a test that was renamed fails here."""

import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from config.demo.people import ACCOUNTS, KNOWN
from config.demo_accounts import ACCOUNTS as READY_LINE
from hotline.models import Unit
from hotline.roles import ROLES

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROOMS = ("config", "hotline", "responsibility", "tickets", "channels_merge", "evaluation", "supervision")


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def table_rows(name, columns):
    """Cells of the rows of every table with so many columns, without head and rule."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in text(name).splitlines() if line[:1] == "|"
    ]
    ruled = [at for at, row in enumerate(rows) if set("".join(row)) <= set("|-")]
    return [row for at, row in enumerate(rows) if at not in ruled and at + 1 not in ruled and len(row) == columns]


def in_code_type(words):
    """What stands between single backticks; blocks of code are left out."""
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", words, flags=re.DOTALL))


@pytest.mark.parametrize("name", DOCS)
def test_relative_links_lead_somewhere(name):
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", text(name))

    assert [target for target in targets if not ((ROOT / name).parent / target).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "docs/running.md"])
def test_commands_that_are_shown_exist(name):
    shown = re.findall(r"python3 run\.py(?: ([a-z]+))?(?: ([A-Za-z_]+))?", text(name))

    commands = {command for command, _ in shown}
    managed = {second for command, second in shown if command == "manage"} - {"COMMAND"}
    managed |= set(re.findall(r"manage\.py ([a-z_]+)", text(name)))

    assert commands >= {"", "test", "check", "manage"}
    assert managed - set(get_commands()) == set()
    assert all(f'"{command}"' in text("run.py") for command in commands - {""})


def test_what_commands_of_the_readme_are_given_exists():
    given = re.findall(r"^(?:python3 run\.py test )?(tests/\S+|\.ci/\S+)", text("README.md"), flags=re.MULTILINE)

    assert given == ["tests/tickets", ".ci/run"]
    assert [path for path in given if not (ROOT / path).exists()] == []


def test_the_readme_lists_the_demonstration_accounts_with_their_roles():
    listed = {}
    for cell, roles, *_ in table_rows("README.md", 4):
        names = in_code_type(cell)
        each = roles.split("、") if "、" in roles else [roles] * len(names)
        listed |= dict(zip(names, each, strict=True))
    expected = {username: ROLES[role].name for username, role, _, _ in ACCOUNTS}
    for (kind, _, _), usernames in KNOWN.items():
        is_county = kind == Unit.Kind.COUNTY_CENTRE
        roles = ("county_centre", "county_centre", "unit_head") if is_county else ("liaison", "handler", "unit_head")
        expected |= {name: ROLES[role].name for name, role in zip(usernames, roles, strict=True)}

    assert listed == expected
    assert set(READY_LINE) - set(listed) == set()


def is_page(address):
    try:
        return bool(resolve(address))
    except Resolver404:
        return False


@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md", "docs/policy-map.md", "docs/running.md"])
def test_pages_that_are_named_exist(name):
    named = {each for each in in_code_type(text(name)) if re.fullmatch(r"/[a-z0-9/-]+", each)}

    assert named
    assert [each for each in sorted(named) if not is_page(each)] == []


def test_each_name_of_the_glossary_stands_in_its_file():
    rows = table_rows("docs/glossary.md", 4)

    missing = [
        (name, where)
        for _, names, where, _ in rows
        for name in in_code_type(names)
        if not re.search(rf"\b{name}\b", text(where))
    ]

    assert missing == []
    assert [row for row in rows if not in_code_type(row[1])] == []
    assert len(rows) > 60


def test_names_in_the_architecture_are_names_of_the_code():
    code = "\n".join(path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    names = {
        part
        for name in in_code_type(text("docs/architecture.md"))
        if re.fullmatch(r"@?[A-Za-z_][\w.]*(?:\(.*\))?", name) and not (ROOT / name).exists()
        for part in re.sub(r"\(.*\)|@", "", name).split(".")
    }

    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", code) and not (ROOT / name).exists()] == []


def test_who_hears_which_signal_is_written_down():
    heard = {}
    for room in ROOMS:
        file = ROOT / room / "receivers.py"
        for signal in re.findall(r"^@receiver\((\w+)", file.read_text() if file.exists() else "", flags=re.MULTILINE):
            heard.setdefault(signal, set()).add(room)
    rows = table_rows("docs/architecture.md", 4)

    written = {signal: set(in_code_type(rooms)) for signals, _, rooms, _ in rows for signal in in_code_type(signals)}

    assert written == heard


def test_the_policy_map_covers_the_order():
    rows = table_rows("docs/policy-map.md", 4)

    assert [row[0] for row in rows] == [*map(str, range(1, 18)), "–"]
    assert [row[0] for row in rows if not row[2] or not row[3]] == []


@pytest.mark.parametrize("name", ["docs/policy-map.md", "docs/architecture.md", "README.md"])
def test_modules_and_tests_that_are_named_exist(name):
    named = [each for each in in_code_type(text(name)) if re.match(r"[a-z_]+/[\w/]+\.py", each)]

    for each in named:
        path, _, function = each.partition("::")
        assert (ROOT / path).exists(), each
        assert not function or re.search(rf"^def {function}\(", text(path), flags=re.MULTILINE), each


def test_decisions_are_numbered_without_holes():
    files = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))

    assert [name[:4] for name in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for name in files:
        lines = text(f"docs/adr/{name}").splitlines()
        assert lines[0].startswith(f"# {name[:4]} ")
        assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_the_changelog_names_this_version():
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]

    assert re.search(rf"^## \[{re.escape(version)}\]", text("CHANGELOG.md"), flags=re.MULTILINE)

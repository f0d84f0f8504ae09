"""Rules that hold for every template: no inline script or style, icons and static files that exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from hotline.context import RAIL

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
SHEET = Path(settings.BASE_DIR, "hotline/static/hotline/css/app.css")
FORBIDDEN = {
    "inline style": re.compile(r"<[^>]*\sstyle\s*=|<style", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=|javascript:|hx-on", re.IGNORECASE),
    "condition that needs eval": re.compile(r"hx-trigger=\"[^\"]*\[|hx-vals=['\"]js:"),
    "address of another machine": re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//"),
}


def name(path):
    return path.relative_to(settings.BASE_DIR).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_holds_to_the_content_security_policy(path):
    text = path.read_text(encoding="utf-8")

    found = {rule: pattern.findall(text) for rule, pattern in FORBIDDEN.items()}

    assert found == {rule: [] for rule in FORBIDDEN}


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_form_that_posts_carries_the_token(path):
    text = path.read_text(encoding="utf-8")
    forms = re.findall(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", text, re.DOTALL)

    assert [form for form in forms if "{% csrf_token %}" not in form] == []


def test_every_icon_is_in_the_font():
    sheet = Path(finders.find("vendor/icons/tabler-icons.min.css")).read_text(encoding="utf-8")
    used = {entry.icon for entry in RAIL} | {"settings"}
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"{% icon [\"']([a-z0-9-]+)[\"']", text)) | set(
            re.findall(r"\bti ti-([a-z0-9-]+)", text)
        )

    assert {icon for icon in used if f".ti-{icon}:before" not in sheet} == set()


def test_every_static_file_exists():
    used = {
        found
        for path in TEMPLATES
        for found in re.findall(r"{% static [\"']([^\"']+)[\"']", path.read_text(encoding="utf-8"))
    }

    assert {file for file in used if finders.find(file) is None} == set()


def test_the_sheet_names_no_other_machine_and_balances():
    sheet = SHEET.read_text(encoding="utf-8")

    assert re.findall(r"url\((?!\"?data:)[^)]*\)|@import", sheet) == []
    assert sheet.count("{") == sheet.count("}")


def test_keys_of_the_rail_are_different():
    keys = [entry.key for entry in RAIL]

    assert sorted(keys) == sorted(set(keys))

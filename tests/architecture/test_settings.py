"""A setting that nobody reads misleads whoever sets it; a variable that is not written down is not found."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = (
    "config",
    "hotline",
    "responsibility",
    "tickets",
    "channels_merge",
    "evaluation",
    "supervision",
)
SETTINGS = ROOT / "config" / "settings"


def code_files():
    files = [file for folder in CODE_FOLDERS for file in (ROOT / folder).rglob("*.py")]
    return [*files, ROOT / "run.py", ROOT / "manage.py"]


def test_every_setting_of_ours_has_a_reader():
    defined = {
        name
        for file in SETTINGS.glob("*.py")
        for name in re.findall(r"^(HOTLINE_[A-Z_]+) =", file.read_text(), flags=re.MULTILINE)
    }
    outside = "\n".join(file.read_text() for file in code_files() if SETTINGS not in file.parents)

    assert defined
    assert [name for name in sorted(defined) if f"settings.{name}" not in outside] == []


def test_every_variable_of_the_environment_is_documented():
    read = {
        name
        for file in code_files()
        for name in re.findall(
            r"""["'](HOTLINE_[A-Z_]+|DATABASE_URL|REDIS_URL|DJANGO_SECRET_KEY)["']""", file.read_text()
        )
    }
    documented = (ROOT / "docs" / "running.md").read_text()

    assert [name for name in sorted(read) if f"`{name}`" not in documented] == []

"""What every template owes its reader, read from the files."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"
LIST = re.compile(r"<table class=\"([^\"]*)\"[^>]*\bdata-rows\b")


def test_every_list_becomes_cards_on_a_phone():
    """A table that is walked by keys is not scrolled sideways with the name of the matter out of sight."""
    lists = {
        path.relative_to(TEMPLATES).as_posix(): classes.split()
        for path in sorted(TEMPLATES.rglob("*.html"))
        for classes in LIST.findall(path.read_text())
    }

    assert len(lists) > 20
    assert [name for name, classes in lists.items() if "stack" not in classes] == []

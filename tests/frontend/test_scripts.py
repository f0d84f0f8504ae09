"""Scripts of one page share one scope: a name declared twice stops the second script before its first line."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def declared(script):
    """Names that a script declares outside every block."""
    lines = re.findall(r"^(?:const|let|class|function|async function) (.*)", script.read_text(), flags=re.MULTILINE)
    return {
        name for line in lines for name in [re.match(r"[\w$]+|\[.*?\]", line)[0], *re.findall(r", ([\w$]+) = ", line)]
    }


def test_no_two_scripts_declare_the_same_name():
    scripts = sorted(ROOT.glob("*/static/**/*.js"))

    counted = Counter(name for script in scripts for name in declared(script))

    assert {"kept", "caseForm", "$"} - set(counted) == set()
    assert [name for name, times in counted.items() if times > 1] == []

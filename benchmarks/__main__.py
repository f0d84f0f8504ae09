"""`python -m benchmarks intake`, `inbox`, `ring`, `merge` or `duty`: on servers of its own, thrown away afterwards unless `--keep` names a directory.

`fit` reads two files and needs no server.
"""

import argparse
import atexit
import importlib
import os
import shutil
import tempfile
from pathlib import Path

from hotline.embedded import attach_or_start


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("name", choices=["intake", "inbox", "ring", "merge", "duty", "fit"])
    parser.add_argument(
        "--short", action="store_true", help="fewer rows and runs: a minute or two, figures only roughly"
    )
    parser.add_argument("--keep", metavar="DIR", type=Path, help="leave the filled databases there for the next run")
    parser.add_argument(
        "--pairs", metavar="FILE", type=Path, help="merge, fit: judged pairs, columns a, b, same, part"
    )
    parser.add_argument(
        "--texts", metavar="FILE", type=Path, help="merge, fit: their messages, columns id, time, topic, text"
    )
    chosen = parser.parse_args()
    given = {"pairs": chosen.pairs, "texts": chosen.texts} if chosen.name in {"merge", "fit"} else {}
    if (chosen.pairs is None) != (chosen.texts is None) or (chosen.texts and not given):
        parser.error("--pairs and --texts go together, with merge or fit")
    if chosen.name != "fit":
        stand(chosen.keep)
    elif chosen.texts is None:
        parser.error("fit needs --pairs and --texts")
    # Only now can a module that reads models be imported.
    importlib.import_module(f"benchmarks.{chosen.name}").run(short=chosen.short, **given)


def stand(keep: Path | None) -> None:
    """Start durable servers in a state directory of their own, and Django on them."""
    directory = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="hotline-benchmark-"))
    for variable in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(variable, None)
    os.environ["HOTLINE_STATE"] = str(directory)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    if not keep:
        # Registered before the servers' own end, so it runs after it.
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
    attach_or_start()
    # WhiteNoise wants the directory, even empty.
    (directory / "static").mkdir(exist_ok=True)
    # As a web process begins (config/wsgi.py).
    importlib.import_module("config.wsgi")


if __name__ == "__main__":
    main()

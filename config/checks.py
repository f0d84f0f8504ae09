"""`python3 run.py check`: everything that can be said about the code without running its tests, quickest first."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hotline.embedded import Servers

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hotline", "responsibility", "tickets", "channels_merge", "evaluation", "supervision")
# The interfaces between rooms, and the arithmetic: here types are asked for, elsewhere they are welcome.
TYPED_MODULES = (
    "services",
    "selectors",
    "clocks",
    "limits",
    "calendar",
    "numbers",
    "routing",
    "matching",
    "learning",
    "pictures",
)


def steps() -> dict[str, list[str]]:
    programs = Path(sys.executable).parent
    python = [sys.executable, "-m"]
    return {
        "格式": [*python, "ruff", "format", "--check", "."],
        "规范": [*python, "ruff", "check", "."],
        "分层": [str(programs / "lint-imports")],
        "类型": [*python, "mypy", *typed_paths()],
        "迁移": [*python, "django", "makemigrations", "--check", "--dry-run"],
        "部署": [*python, "django", "check", "--deploy", "--fail-level", "WARNING"],
    }


def typed_paths() -> list[str]:
    candidates = [ROOT / room / name for room in ROOMS for name in TYPED_MODULES]
    modules = [path.with_suffix(".py") for path in candidates if path.with_suffix(".py").exists()]
    packages = [path for path in candidates if (path / "__init__.py").exists()]
    return [str(path.relative_to(ROOT)) for path in modules + packages]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-check-") as directory:
        servers = Servers(Path(directory), durable=False)
        servers.try_lock()
        try:
            servers.start()
            environment = as_in_production(servers.environment)
            failed = [name for name, command in steps().items() if not passes(name, command, environment)]
        finally:
            servers.stop()
    if failed:
        sys.exit(f"检查未通过：{'、'.join(failed)}。")
    print("检查全部通过。")


def as_in_production(servers: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        **servers,
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "HOTLINE_ALLOWED_HOSTS": "hotline.example",
        # Without a terminal the tools write their tables 80 columns wide and cut paths off.
        "COLUMNS": "160",
    }


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    passed = done.returncode == 0
    print(f"{'通过' if passed else '未通过'}  {name}（{time.monotonic() - began:.1f} 秒）", flush=True)
    if not passed:
        print(done.stdout + done.stderr, flush=True)
    return passed


if __name__ == "__main__":
    main()

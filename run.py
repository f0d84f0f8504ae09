#!/usr/bin/env python3
"""民意速办, by one command on a machine with Python 3.11+ (and Node 20+, or else it is fetched).

    python3 run.py                  install, start everything, stay until Ctrl-C
    python3 run.py test [ARG …]     run the tests (arguments go to pytest)
    python3 run.py check            formatting, lint, layers, migrations, deployment checks, types
    python3 run.py manage COMMAND … run a management command beside the running system, or with servers of its own
    python3 run.py bench NAME       measure: intake, inbox, ring or merge, with servers of its own; fit (docs/benchmarks.md)

Standard library only: this file runs before anything is installed. docs/running.md lists the variables.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
NODE_ENVIRONMENT = ROOT / ".venv-node"
FRONTEND = ROOT / "frontend"
PRODUCT_LOCK = ROOT / "requirements.txt"
# Holds everything of the product's lock as well, in the same versions.
DEVELOPMENT_LOCK = ROOT / "requirements-dev.txt"
# One process more than there are cores: some tests wait for a browser or for a system that starts.
ALL_TESTS = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")
NODE_LOCK = ROOT / "requirements-node.txt"


def main():
    if sys.version_info < (3, 11):
        sys.exit("需要 Python 3.11 或更高版本。")
    command, *rest = sys.argv[1:] or ["start"]
    os.chdir(ROOT)
    if command == "start":
        install_python_packages(for_development=False)
        install_frontend_packages()
        become("-m", "config.supervisor", settings="config.settings.local")
    elif command == "manage":
        install_python_packages(for_development=False)
        install_frontend_packages()
        become("manage.py", *rest, settings="config.settings.local")
    elif command == "bench":
        install_python_packages(for_development=False)
        install_frontend_packages()
        become("-m", "benchmarks", *rest)
    elif command in {"test", "check"}:
        install_python_packages(for_development=True)
        install_frontend_packages()
        become("-m", *(["pytest", *(rest or ALL_TESTS)] if command == "test" else ["config.checks"]))
    else:
        sys.exit(__doc__)


def become(*arguments, settings=None):
    """Go on as the environment's Python: signals and the exit status need no passing on."""
    if settings:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *arguments])


# --- Python packages


def install_python_packages(*, for_development):
    wanted = DEVELOPMENT_LOCK if for_development else PRODUCT_LOCK
    stamps = {lock: ENVIRONMENT / f".installed-{lock.stem}" for lock in (PRODUCT_LOCK, DEVELOPMENT_LOCK)}
    enough = [wanted] if for_development else [PRODUCT_LOCK, DEVELOPMENT_LOCK]
    if any(is_current(stamps[lock], digest(PRODUCT_LOCK, lock)) for lock in enough):
        return
    say("正在安装 Python 依赖……")
    install(ENVIRONMENT, wanted)
    stamps[wanted].write_text(digest(PRODUCT_LOCK, wanted))


def install(environment, lock):
    """From the hashed lock, with uv where there is one."""
    python = environment / "bin" / "python"
    uv = shutil.which("uv")
    if uv and works([uv, "--version"]):
        if not works([python, "--version"]):
            run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment])
        run(
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--compile-bytecode",
                "--require-hashes",
                "--python",
                python,
                "--requirement",
                lock,
            ]
        )
        return
    if not works([python, "-m", "pip", "--version"]):
        make_environment(environment)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    run([*pip, "--require-hashes", "--only-binary=:all:", "--requirement", lock])


def make_environment(environment):
    try:
        venv.create(environment, with_pip=True, clear=environment.exists())
    except subprocess.CalledProcessError:
        sys.exit("无法建立 Python 虚拟环境：请先安装系统的 python3-venv 软件包。")


# --- Front-end packages


def install_frontend_packages():
    stamp = FRONTEND / "node_modules" / ".installed"
    wanted = digest(FRONTEND / "package-lock.json")
    if is_current(stamp, wanted):
        return
    say("正在安装前端资源……")
    npm, environment = find_npm()
    quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"]
    run([npm, "ci", "--ignore-scripts", *quiet], cwd=FRONTEND, env=environment)
    stamp.write_text(wanted)


def find_npm():
    """The machine's npm, or one from a Python package where the machine has none."""
    npm = shutil.which("npm")
    if npm and works([npm, "--version"]):
        return npm, None
    bin_directory = NODE_ENVIRONMENT / "bin"
    npm = bin_directory / "npm"
    if not npm.exists():
        say("本机没有 Node，正在安装一份供本项目使用……")
        install(NODE_ENVIRONMENT, NODE_LOCK)
    return npm, {**os.environ, "PATH": f"{bin_directory}{os.pathsep}{os.environ['PATH']}"}


# --- Small tools


def digest(*paths):
    """Of the Python in use and of the files' contents: what was installed for another Python is installed anew."""
    sums = hashlib.sha256(sys.version.encode())
    for path in paths:
        sums.update(path.read_bytes())
    return sums.hexdigest()


def is_current(stamp, wanted):
    return stamp.exists() and stamp.read_text() == wanted


def works(command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(command, **options):
    try:
        subprocess.run(command, check=True, **options)
    except subprocess.CalledProcessError as error:
        sys.exit(f"命令未能完成：{' '.join(map(str, command))}（返回 {error.returncode}）。")


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

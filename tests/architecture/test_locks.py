"""What is installed is exactly what was locked, from wherever the machine gets its packages."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
INPUTS = ("requirements.in", "requirements-dev.in", "requirements-node.in")


def pinned(lock):
    """Package → how many hashes it has."""
    packages = re.split(r"^(?=[a-zA-Z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    return {entry.split("==")[0]: entry.count("--hash=sha256:") for entry in packages}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock):
    packages = pinned(lock)

    assert len(packages) > 1
    assert [name for name, hashes in packages.items() if hashes == 0] == []


@pytest.mark.parametrize("lock", [*LOCKS, "frontend/package-lock.json"])
def test_lock_names_no_registry(lock):
    text = (ROOT / lock).read_text()

    assert "index-url" not in text
    assert "find-links" not in text
    assert re.findall(r"https?://[^\s\"]*(?:\.tgz|\.whl|\.tar\.gz|/simple)", text) == []


def test_front_end_packages_carry_their_digest():
    lock = json.loads((ROOT / "frontend/package-lock.json").read_text())

    packages = {name: package for name, package in lock["packages"].items() if name}

    assert [name for name, package in packages.items() if not package.get("integrity")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize("source", INPUTS)
def test_every_direct_dependency_is_locked_and_says_what_it_is_for(source):
    lines = (ROOT / source).read_text().splitlines()
    direct = [line for line in lines if line and not line.startswith(("#", "-r"))]
    packages = pinned(source.replace(".in", ".txt"))

    names = [re.match(r"[A-Za-z0-9-]+", line).group() for line in direct]

    assert [name for name in names if name not in packages] == []
    if source != "requirements-node.in":
        assert [line for line in direct if "#" not in line] == []


def test_development_lock_has_the_products_versions():
    def versions(lock):
        return set(re.findall(r"^([a-zA-Z0-9.-]+==[^\s;]+)", (ROOT / lock).read_text(), flags=re.MULTILINE))

    assert versions("requirements.txt") - versions("requirements-dev.txt") == set()

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.platform.system import System


@pytest.fixture(scope="session")
def state_folder():
    """Its name has blanks and Chinese letters, as people's folders have."""
    directory = Path(tempfile.mkdtemp(prefix="hotline 数据 "))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def one_system(state_folder):
    running = System(state_folder)
    yield running
    running.stop()


@pytest.fixture
def system(one_system):
    """Running: begun with nothing by the first test, as the one before has left it for the others."""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc")
    if not one_system.is_running():
        one_system.start()
    return one_system

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


@pytest.fixture
def system(state_folder):
    """Started: the first one begins with nothing, the others as after a restart, with what was there before."""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc")
    running = System(state_folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()

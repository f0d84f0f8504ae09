import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.platform.system import System


@pytest.fixture
def system():
    """Started; its folder has a name with blanks and Chinese letters, as people's folders have."""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc")
    directory = Path(tempfile.mkdtemp(prefix="hotline 数据 "))
    running = System(directory)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)

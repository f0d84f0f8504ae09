"""`python3 run.py`: one machine, plain HTTP, servers usually embedded."""

from config.settings.base import *  # noqa: F403
from config.settings.base import env

DEBUG = env.bool("HOTLINE_DEBUG", False)

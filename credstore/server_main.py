"""The first module of the server's process: what it imports later takes less memory.

See `late_modules` and `short_docstrings`.
"""

import json
import sys

from credstore.late_modules import LateModules, insert_finders, use_own_hashes
from credstore.short_docstrings import ShortDocstrings


def main() -> None:
    """Serve with the options of `gunicorn_process.replace_process`."""
    options = json.loads(sys.argv[1])
    sys.argv[1:] = []  # gunicorn would take them for its own
    use_own_hashes()
    insert_finders(LateModules(), ShortDocstrings())
    from credstore.gunicorn_server import GunicornServer
    from credstore.log_lines import hold_lines

    hold_lines()
    GunicornServer(options.pop("settings"), **options).run()


if __name__ == "__main__":
    main()

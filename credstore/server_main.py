"""The first module of the server's process: what is imported after it may be late; see `late_modules`."""

import json
import sys

from credstore.late_modules import LateModules


def main() -> None:
    """Serve with the options of `gunicorn_process.replace_process`."""
    options = json.loads(sys.argv[1])
    sys.argv[1:] = []  # gunicorn would take them for its own
    sys.meta_path.insert(0, LateModules())
    from credstore.gunicorn_server import GunicornServer
    from credstore.log_lines import hold_lines

    hold_lines()
    GunicornServer(options.pop("settings"), **options).run()


if __name__ == "__main__":
    main()

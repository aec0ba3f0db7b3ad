"""The WSGI entry point: `gunicorn wsgi:app`. From an installed package: `gunicorn 'credstore:create_app()'`."""

import sys
from pathlib import Path

from dotenv import load_dotenv

from credstore import create_app
from credstore.errors import ConfigError

load_dotenv(Path.cwd() / ".env")
try:
    app = create_app()
    app.extensions["credstore"].runner.take_over_runs()
except ConfigError as refusal:
    sys.stderr.write(f"credstore: {refusal.sentence}\n")
    # 4 is gunicorn's own "the application failed to load": it stops, where any other status would respawn for ever.
    raise SystemExit(4) from None

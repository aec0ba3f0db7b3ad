"""credstore: the credentials page for workflow platforms. `create_app` makes the application."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from credstore.config import Config
    from credstore.tester import Tester


def __getattr__(name: str) -> Any:
    """`__version__` is looked up when it is asked for: reading the package's metadata takes 50 ms."""
    if name == "__version__":
        from importlib.metadata import version

        return version("credstore")
    raise AttributeError(name)


def create_app(config: "Config | None" = None, tester: "Tester | None" = None) -> "Flask":
    """The complete application, for a WSGI server. Reads the environment when no `config` is given.

    Raises ConfigError when a setting is missing or malformed.
    """
    # Imported here, so that a type or provider that code adds before this call gets its form and its Test.
    from credstore.app_factory import build_app
    from credstore.config import Config
    from credstore.log_lines import configure_logging

    config = config or Config.from_env()
    app = build_app(config, tester)
    configure_logging(config.log_format, config.log_level)  # a server's; commands say what they did themselves
    return app

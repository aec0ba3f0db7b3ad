"""`python -m credstore` is the `credstore` command."""

from credstore.cli import main

main(prog_name="credstore")

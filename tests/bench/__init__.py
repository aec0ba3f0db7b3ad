"""The benchmark: prices of pages and changes as multiples of a bare Flask view. See `python -m tests.bench --help`."""

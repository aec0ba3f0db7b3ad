"""The Tool credential type: its field, and how a tool's URL and headers are tested."""

"""The Git credential type: its fields, and how a Git token or SSH key is tested."""

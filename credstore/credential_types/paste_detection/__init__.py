"""Paste detection: finds the key in a pasted text, the provider it looks like, and values for other fields."""

"""Examples of host applications."""

"""What can be recognised in a pasted text: the key in it, whose key it looks like, and values for other fields."""

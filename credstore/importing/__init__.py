"""Reads the files of other programs into candidates: plain values, which the vault then stores."""

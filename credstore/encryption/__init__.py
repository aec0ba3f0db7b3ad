"""Encryption of stored secrets: the keyring, whether it fits this database, and which keys rows still need."""

"""Encryption of stored secrets: the keyring, the check of its keys against the database, key files.

Changing a key is in `vault/encryption_keys`.
"""

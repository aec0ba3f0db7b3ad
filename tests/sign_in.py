"""Who signs in, in the tests."""

from argon2 import PasswordHasher

USERNAME = "ann"
PASSWORD = "correct horse battery staple"
SECRET_KEY = "a secret key, made for the tests alone"
LIGHT_HASHES = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

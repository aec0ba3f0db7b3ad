"""What bare Fernet does in a process of its own. It imports nothing else, so that the process is soon there."""

import time

from cryptography.fernet import Fernet


def decrypt_and_encrypt(work: tuple[str, str, list[str], int]) -> float:
    """The processor seconds that it takes to do so: `work` is both keys, the texts, and how often each is taken."""
    old, new, sample, times = work
    decrypting, encrypting = Fernet(old), Fernet(new)
    started = time.process_time()
    for _ in range(times):
        for token in sample:
            encrypting.encrypt(decrypting.decrypt(token))
    return time.process_time() - started

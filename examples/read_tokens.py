"""Decrypts the tokens on standard input, one a line, with the keys in ENCRYPTION_KEY."""

import sys

# region: read-elsewhere
import os
from cryptography.fernet import Fernet, MultiFernet

keyring = MultiFernet([Fernet(key) for key in os.environ["ENCRYPTION_KEY"].split(",")])


def read_ssn(token: str) -> str:
    return keyring.decrypt(token).decode()
# endregion


for line in sys.stdin:
    print(read_ssn(line.strip()))

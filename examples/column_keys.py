"""Decrypts the tokens of a column with keys of its own, one a line: python3 column_keys.py patient ssn"""

import sys

# region: column-keys-elsewhere
import base64, os
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def column_key(key: str, *context: str) -> bytes:
    parts = [part.encode() for part in context]
    info = b"".join([b"typeorm-fernet/column/v1/", *(len(p).to_bytes(4, "big") + p for p in parts)])
    derived = HKDF(SHA256(), 32, salt=None, info=info).derive(base64.urlsafe_b64decode(key))
    return base64.urlsafe_b64encode(derived)


def column_ring(*context: str) -> MultiFernet:
    keys = os.environ["ENCRYPTION_KEY"].split(",")
    return MultiFernet([Fernet(column_key(key, *context)) for key in keys])
# endregion


ring = column_ring(*sys.argv[1:])
for line in sys.stdin:
    print(ring.decrypt(line.strip()).decode())

"""Decrypts the tokens of a column of text with padTo, one a line: python3 padded_tokens.py"""

import os, sys
from cryptography.fernet import Fernet

fernet = Fernet(os.environ["ENCRYPTION_KEY"])
sys.stdout.reconfigure(encoding="utf-8")


# region: padded-elsewhere
def unpadded(padded: bytes) -> str:
    return padded.rstrip(b"\0").removesuffix(b"\x80").decode()
# endregion


def text_of(plaintext: bytes) -> str:
    # Padded, it is never UTF-8; what was written before the padding is
    try:
        return plaintext.decode()
    except UnicodeDecodeError:
        return unpadded(plaintext)


for line in sys.stdin:
    print(text_of(fernet.decrypt(line.strip())))

"""Prints the blind index of values: python3 blind_index.py users/email/email_index alice@example.com"""

import sys

import base64, hashlib, hmac, os

PURPOSE = "typeorm-fernet/blind-index/v1/"


def blind_index(key: str, context: str, values: list[bytes], bits=128, slow=None) -> str:
    # HKDF-SHA-256 (RFC 5869): extract without salt, expand to one block
    extracted = hmac.digest(bytes(32), base64.urlsafe_b64decode(key), "sha256")
    index_key = hmac.digest(extracted, (PURPOSE + context).encode() + b"\x01", "sha256")
    several = b"".join(len(value).to_bytes(4, "big") + value for value in values)
    message = several if len(values) > 1 else values[0]
    if slow is not None:
        salt = hmac.digest(index_key, b"typeorm-fernet/blind-index/scrypt", "sha256")
        room = 256 * 8 * 2**slow
        message = hashlib.scrypt(message, salt=salt, n=2**slow, r=8, p=1, dklen=32, maxmem=room)
    digest = hmac.digest(index_key, message, "sha256")
    # The first bits, in as few hexadecimal digits as hold them
    kept = int.from_bytes(digest, "big") >> (256 - bits)
    return f"{kept << (-bits % 4):0{-(-bits // 4)}x}"


if __name__ == "__main__":
    [context, *texts] = sys.argv[1:]
    first_key = os.environ["ENCRYPTION_KEY"].split(",")[0]
    print(blind_index(first_key, context, [text.encode() for text in texts]))

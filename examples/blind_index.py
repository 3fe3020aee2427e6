"""Prints the blind index of values: python3 blind_index.py users/email/email_index alice@example.com"""

import sys

import base64, hmac, os

PURPOSE = "typeorm-fernet/blind-index/v1/"


def blind_index(key: str, context: str, values: list[bytes], bits: int = 128) -> str:
    # HKDF-SHA-256 (RFC 5869): extract without salt, expand to one block
    extracted = hmac.digest(bytes(32), base64.urlsafe_b64decode(key), "sha256")
    index_key = hmac.digest(extracted, (PURPOSE + context).encode() + b"\x01", "sha256")
    several = b"".join(len(value).to_bytes(4, "big") + value for value in values)
    digest = hmac.digest(index_key, several if len(values) > 1 else values[0], "sha256")
    # The first bits, in as few hexadecimal digits as hold them
    kept = int.from_bytes(digest, "big") >> (256 - bits)
    return f"{kept << (-bits % 4):0{-(-bits // 4)}x}"


if __name__ == "__main__":
    [context, *texts] = sys.argv[1:]
    first_key = os.environ["ENCRYPTION_KEY"].split(",")[0]
    print(blind_index(first_key, context, [text.encode() for text in texts]))

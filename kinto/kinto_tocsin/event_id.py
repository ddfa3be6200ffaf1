"""The id that Tocsin gives to the event of a change: whoever tells it, it is the same.

It is `k_`, the time in ten digits of base32 and sixteen of BLAKE2b over source, subject, action and
time; proto/model/event_id.c in Tocsin.
"""

import hashlib

OF_TIME = "0123456789abcdefghijklmnopqrstuv"  # sorts as the numbers do
OF_HASH = "abcdefghijklmnopqrstuvwxyz234567"
TIME_DIGITS, HASH_DIGITS = 10, 16


def base32(number: int, digits: int, letters: str) -> str:
    return "".join(letters[number >> (5 * digit) & 31] for digit in reversed(range(digits)))


def derive(source: str, subject: str, action: str, last_modified: int) -> str:
    text = b"".join(word.encode() + b"\0" for word in (source, subject, action))
    full = hashlib.blake2b(text + last_modified.to_bytes(8, "big"), digest_size=16).digest()
    hashed = int.from_bytes(full[:10], "big")
    time = base32(last_modified, TIME_DIGITS, OF_TIME)
    return f"k_{time}{base32(hashed, HASH_DIGITS, OF_HASH)}"

#!/usr/bin/env python3
"""Test vectors for derived secret values, from nothing but the words of krm-functions/DERIVE.md and Python's own hashlib.

derive.py          writes fixtures/derive/vectors.tsv
derive.py --check  fails if that file says something else
"""
import base64, hashlib, hmac, pathlib, string, struct, sys

FILE = pathlib.Path(__file__).resolve().parents[2] / "fixtures/derive/vectors.tsv"


def stream(seed: bytes, namespace: str, name: str, key: str, version: int, shape: str) -> bytes:
    prk = hmac.new(b"kubectl-gitops.dev/derive/v1", seed, hashlib.sha256).digest()
    info = b""
    for part in (namespace, name, key, str(version), shape):
        part = part.encode()
        info += struct.pack(">I", len(part)) + part
    out, block = b"", b""
    for counter in range(1, 256):
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        out += block
    return out


def password(data: bytes, length: int, classes: list[str]) -> str:
    alphabet = sorted("".join(classes))
    fair = 256 // len(alphabet) * len(alphabet)
    characters = (alphabet[byte % len(alphabet)] for byte in data if byte < fair)
    while True:
        drawn = "".join(next(characters) for _ in range(length))
        if all(set(drawn) & set(group) for group in classes):
            return drawn


def uuid(data: bytes) -> str:
    data = bytearray(data[:16])
    data[6] = data[6] & 0x0F | 0x40
    data[8] = data[8] & 0x3F | 0x80
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def password_of(length: int, *classes: str):
    return " ".join([f"password {length}", *sorted(classes)]), lambda data: password(data, length, list(classes))


LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
SHAPES = {
    # configuration: what the value depends on beside its name, value
    '{}': password_of(32, LOWER, UPPER, DIGITS),
    '{"as":"password","length":8}': password_of(8, LOWER, UPPER, DIGITS),
    '{"classes":["digits"],"length":12}': password_of(12, DIGITS),
    '{"classes":["symbols","lower","digits"],"length":20}': password_of(20, LOWER, DIGITS, "+,-./:=@_"),
    '{"classes":["lower","upper","symbols"],"symbols":"?!","exclude":"lIO","length":10}':
        password_of(10, LOWER.replace("l", ""), UPPER.replace("I", "").replace("O", ""), "!?"),
    '{"length":256}': password_of(256, LOWER, UPPER, DIGITS),
    '{"as":"hex"}': ("hex 32", lambda d: d[:32].hex()),
    '{"as":"hex","bytes":1024}': ("hex 1024", lambda d: d[:1024].hex()),
    '{"as":"base64"}': ("base64 32", lambda d: base64.b64encode(d[:32]).decode()),
    '{"as":"base64url","bytes":17}': ("base64url 17", lambda d: base64.urlsafe_b64encode(d[:17]).decode().rstrip("=")),
    '{"as":"bytes","bytes":16}': ("bytes 16", lambda d: "hex:" + d[:16].hex()),
    '{"as":"uuid"}': ("uuid", uuid),
}
SEEDS = [b"0123456789abcdef", bytes(range(64)).replace(b"\n", b"").replace(b"\r", b""), "Größe des Samens".encode()]
PURPOSES = [("shop", "db", "password", 1), ("shop", "db", "password", 2), ("", "db", "password", 1), ("a-b", "x.y", ".k_1", 4294967295)]


def vectors() -> str:
    lines = ["# seed (hex)\tnamespace\tname\tkey\tversion\tconfiguration\tvalue; written by tests/oracle/derive.py"]
    for seed in SEEDS:
        for namespace, name, key, version in PURPOSES:
            for config, (shape, value) in SHAPES.items():
                made = value(stream(seed, namespace, name, key, version, shape))
                lines.append("\t".join((seed.hex(), namespace, name, key, str(version), config, made)))
    return "\n".join(lines) + "\n"


def published() -> None:
    """RFC 5869, A.1: that HKDF is put together rightly here."""
    prk = hmac.new(bytes(range(13)), b"\x0b" * 22, hashlib.sha256).digest()
    assert prk.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    first = hmac.new(prk, bytes(range(0xF0, 0xFA)) + b"\x01", hashlib.sha256).digest()
    assert first.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


published()
if "--check" in sys.argv:
    if FILE.read_text() != vectors():
        sys.exit(f"{FILE} is not what the description gives")
    print(f"derived values: {vectors().count(chr(10)) - 1} vectors as described")
else:
    FILE.write_text(vectors())

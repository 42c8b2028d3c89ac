#!/usr/bin/env python3
"""Values of Stakater Reloader's environment variables, from a description of them and Python's own hashlib.

A variable is called STAKATER_<NAME>_<KIND>: the name in capital letters, each run of other characters one `_`, none at the
begin. Its value is a digest (SHA-1 for years, SHA-512/256 since Reloader supports CSI volumes) over the texts `key=value`, sorted and joined by
`;`. Binary data of ConfigMaps are base64 in it, values of Secrets the bytes themselves.

reloader.py          writes fixtures/reloader/vectors.tsv
reloader.py --check  fails if that file says something else
"""
import base64, hashlib, json, pathlib, random, re, sys

FILE = pathlib.Path(__file__).resolve().parents[2] / "fixtures/reloader/vectors.tsv"
KEYS = ["a", "a-b", "a.b", "a_b", "A", "b", "tls.crt", "user", "password", "0"]
TEXTS = ["", "x", "a=b", "a;b=c", "ü", "line\nbreak", " ", "x" * 300, "true", "0644"]
NAMES = ["db", "my-app", "my.app-config", "a--b", "1st", "x-", "web-9g67k2hbm", "a" * 60]


def variable(kind: str, name: str) -> str:
    word = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    return f"STAKATER_{word.removeprefix('_')}_{kind.upper()}"


def digests(parts: list[bytes]) -> tuple[str, str]:
    joined = b";".join(sorted(parts))
    return hashlib.sha1(joined).hexdigest(), hashlib.new("sha512_256", joined).hexdigest()


def case(draw: random.Random) -> str:
    name = draw.choice(NAMES)
    keys = draw.sample(KEYS, draw.randint(0, len(KEYS)))
    kind = draw.choice(["ConfigMap", "Secret"])
    item: dict = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    parts = []
    for key in keys:
        if draw.random() < 0.3:
            value = draw.randbytes(draw.randint(0, 40))
            encoded = base64.b64encode(value)
            item.setdefault("binaryData" if kind == "ConfigMap" else "data", {})[key] = encoded.decode()
            parts.append(key.encode() + b"=" + (encoded if kind == "ConfigMap" else value))
            continue
        text = draw.choice(TEXTS)
        field = "data" if kind == "ConfigMap" else draw.choice(["data", "stringData"])
        encoded = text if field != "data" or kind == "ConfigMap" else base64.b64encode(text.encode()).decode()
        item.setdefault(field, {})[key] = encoded
        parts.append(f"{key}={text}".encode())
    return "\t".join((json.dumps(item), variable(kind, name), *digests(parts)))


def vectors() -> str:
    head = "# object\tvariable\tSHA-1\tSHA-512/256; written by tests/oracle/reloader.py"
    return "\n".join([head, *(case(random.Random(number)) for number in range(200))]) + "\n"


if "--check" in sys.argv:
    if FILE.read_text() != vectors():
        sys.exit(f"{FILE} is not what the description gives")
    print("Reloader's variables: 200 vectors as described")
else:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(vectors())

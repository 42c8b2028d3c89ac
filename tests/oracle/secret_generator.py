#!/usr/bin/env python3
"""SecretGenerator beside kustomize's own secretGenerator, in the real kustomize: the same fields must give the same bytes.

KUSTOMIZE and KRM_FUNCTIONS name the programs, COUNT the number of generated configurations (60), SEED where to begin.
"""
import json, os, pathlib, random, shutil, subprocess, sys, tempfile

KUSTOMIZE, FUNCTIONS = os.environ["KUSTOMIZE"], os.environ["KRM_FUNCTIONS"]
COUNT, SEED = int(os.environ.get("COUNT", "60")), int(os.environ.get("SEED", "1"))
KEYS = ["user", "password", "A_KEY", "tls.crt", "k-1", "x", ".hidden", "Zeta"]
VALUES = ["", "a", "a=b", '"quoted"', "'single'", "yes", "0644", "ünï", " blank ", "x" * 51, "y" * 52, "$(var) ${var}", "line\nbreak"]
WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        envFrom: [{secretRef: {name: db}}]
"""
BASE = "secretGenerator: [{name: db, literals: [user=base, base=kept], options: {labels: {from: base}}}]\n"


def spec_of(draw: random.Random, tree: dict[str, bytes]) -> dict:
    keys = draw.sample(KEYS, draw.randint(1, len(KEYS)))
    spec: dict = {"literals": [], "files": [], "envs": []}
    for index, key in enumerate(keys):
        kind = draw.choice(["literals", "literals", "files", "envs"])
        if kind == "literals":
            spec["literals"].append(f"{key}={draw.choice(VALUES)}")
        elif kind == "files":
            name = f"f{index}" if draw.random() < 0.5 else key
            tree[name] = draw.randbytes(draw.choice([0, 1, 40, 200])) if draw.random() < 0.5 else draw.choice(VALUES).encode()
            spec["files"].append(f"{key}={name}" if name != key else name)
        else:
            tree[f"e{index}"] = f"# c\n{key}={draw.choice(VALUES[:-1])}\n".encode()
            spec["envs"].append(f"e{index}")
    spec = {field: value for field, value in spec.items() if value}
    if draw.random() < 0.3:
        spec["type"] = draw.choice(["Opaque", "example.com/thing"])
    options: dict = {}
    for field, value in [("labels", {"team": "web"}), ("annotations", {"note": "1"}), ("immutable", True), ("disableNameSuffixHash", True)]:
        if draw.random() < 0.25:
            options[field] = value
    if options:
        spec["options"] = options
    if draw.random() < 0.3:
        spec["namespace"] = "shop"
    return spec


def build(directory: pathlib.Path) -> str:
    command = [KUSTOMIZE, "build", "--enable-alpha-plugins", "--enable-exec", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else f"exit {done.returncode}"


def write(directory: pathlib.Path, tree: dict[str, bytes]) -> None:
    for name, content in tree.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def compare(number: int, root: pathlib.Path) -> None:
    draw = random.Random(number)
    files: dict[str, bytes] = {}
    spec = spec_of(draw, files)
    with_base = draw.random() < 0.3 and "namespace" not in spec
    if with_base:
        spec["behavior"] = draw.choice(["merge", "replace"])
    resources = ["web.yaml"] + (["base"] if with_base else [])
    common = dict(files) | {"web.yaml": WORKLOAD.encode()}
    # A kustomization takes nothing from a parent directory, so each has its own base.
    if with_base:
        common["base/kustomization.yaml"] = BASE.encode()
    head = {"resources": resources, "namePrefix": "p-"}
    theirs = head | {"secretGenerator": [{"name": "db"} | spec]}
    # kustomize merges annotations of functions and of options by itself: the function gets the same spec.
    annotation = json.dumps({"exec": {"path": FUNCTIONS}})
    config = {
        "apiVersion": "kubectl-gitops.dev/v1alpha1",
        "kind": "SecretGenerator",
        "metadata": {"name": "db", "annotations": {"config.kubernetes.io/function": annotation}},
        "spec": spec,
    }
    ours = head | {"generators": ["generator.yaml"]}
    shutil.rmtree(root, ignore_errors=True)
    write(root / "theirs", common | {"kustomization.yaml": json.dumps(theirs).encode()})
    write(root / "ours", common | {"kustomization.yaml": json.dumps(ours).encode(), "generator.yaml": json.dumps(config).encode()})
    expected, actual = build(root / "theirs"), build(root / "ours")
    if expected != actual or expected.startswith("exit"):
        sys.exit(f"case {number}: {json.dumps(spec)}\n--- secretGenerator\n{expected}\n--- SecretGenerator\n{actual}")


with tempfile.TemporaryDirectory() as directory:
    for number in range(SEED, SEED + COUNT):
        compare(number, pathlib.Path(directory) / "case")
print(f"SecretGenerator beside secretGenerator: {COUNT} configurations, the same bytes")

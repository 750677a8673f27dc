"""Checks every shipped scenario against the generated JSON Schema with a validator that is not ours.

Usage: foreign_schema.py SCHEMA SCENARIOS_DIR

The YAML reader is one of YAML 1.2, like ours: in 1.1, `no` would be false and `1:30` would be 90.
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML


def main() -> int:
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    reader = YAML(typ="safe", pure=True)
    root = pathlib.Path(sys.argv[2])
    files = [path for path in sorted(root.glob("*/*.yaml")) if path.parent.name in GROUPS]
    wrong = 0
    for path in files:
        errors = sorted(validator.iter_errors(reader.load(path.read_text())), key=lambda error: list(map(str, error.absolute_path)))
        for error in errors:
            print(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
        wrong += bool(errors)
    # The schema has to refuse something, or it proves nothing.
    if validator.is_valid({"version": 1, "name": "x", "nonsense": 1}):
        print("the schema accepts an unknown key")
        wrong += 1
    print(f"{len(files)} scenarios validated, {wrong} wrong")
    return 1 if wrong or not files else 0


GROUPS = {"calibrate", "faults", "first", "scale", "stoq"}

if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print ":-GName=value..." for a named configuration of engine.json, with changes.

usage: configuration_flags.py engine.json NAME [Parameter=value ...]
"""
import json
import sys

data = json.load(open(sys.argv[1], encoding="utf-8"))
values = {**data["defaults"], **data["configurations"][sys.argv[2]]}
values.pop("about")
values.update(change.split("=") for change in sys.argv[3:])
print("".join(f":-G{name}={value}" for name, value in values.items()))

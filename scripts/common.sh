# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by every script: repository root as working directory, messages, tool paths.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script=${0##*/}

say() { printf '%s: %s\n' "$script" "$*"; }

# One sentence on stderr, exit code 2: the request cannot be met as it stands.
refuse() {
  printf '%s: %s\n' "$script" "$*" >&2
  exit 2
}

# Files that git knows or would take, by path pattern.
sources() { git ls-files --cached --others --exclude-standard --deduplicate -- "$@" | while read -r f; do [[ -f $f ]] && echo "$f"; done; }

jobs() { nproc; }

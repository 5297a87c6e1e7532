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

# install_packages LIST: installs the Debian packages of a list that are missing, or names the command that does.
install_packages() {
  local installed packages install
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  packages=$(comm -23 <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1" | sort -u) <(sort -u <<<"$installed") | paste -sd' ')
  [[ -n $packages ]] || return 0
  install="apt-get install -y --no-install-recommends $packages"
  [[ $(id -u) -eq 0 ]] || refuse "some packages are missing; run this as root, then try again: $install"
  say "installing packages: $packages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  $install
}

# make_venv FOLDER LOCK: a virtual environment with the wheels of a lock file. Its stamp names the interpreter and the lock file.
make_venv() {
  local stamp
  stamp="$(python3 -V) $(sha256sum "$2")"
  [[ ! -f $1/stamp || $(<"$1/stamp") != "$stamp" ]] || return 0
  say "making $1 from $2"
  rm -rf "$1"
  python3 -m venv "$1"
  "$1/bin/pip" install --disable-pip-version-check --require-hashes -r "$2"
  printf '%s\n' "$stamp" >"$1/stamp"
}

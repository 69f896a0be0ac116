# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts: where we are, and how we speak.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then BOLD=$(printf '\033[1m') DIM=$(printf '\033[2m') PLAIN=$(printf '\033[0m'); else BOLD='' DIM='' PLAIN=''; fi
say() { printf '%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
note() { printf '%s%s%s\n' "$DIM" "$*" "$PLAIN"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Debian's own Python: the test packages are installed for this one.
PYTHON=/usr/bin/python3

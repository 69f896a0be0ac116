# SPDX-License-Identifier: Apache-2.0
# docs/user/limits.md from docs/user/configuration.md (its section limits) and src/base/limits.h, in this order.
function bytes(text, n) {
    gsub(/[()]/, "", text)
    n = text
    if (text == "1024 * 1024") return "1 MiB"
    if (text ~ /\* 1024 \* 1024$/) { sub(/ .*/, "", n); return n " MiB" }
    if (text ~ /\* 1024$/) { sub(/ .*/, "", n); return n " KiB" }
    return text
}

BEGIN {
    print "# Limits\n"
    print "Made by `scripts/gen-docs` from `src/base/limits.h` and the configuration's schema; do not edit.\n"
    print "Everything that a peer controls has a maximum. Beyond it a request is answered with the status below, or the"
    print "connection is closed; nothing is cut off silently.\n"
    print "| Reached | What the client sees |"
    print "|---|---|"
    print "| header bytes or count | `431 Request Header Fields Too Large`, connection closed |"
    print "| URI | `414 URI Too Long`, connection closed |"
    print "| body of a route | `413 Content Too Large` |"
    print "| time for a request head or body, idle time | `408 Request Timeout`, or closed when nothing was sent |"
    print "| connections, handshakes per address | the connection is closed before the handshake |"
    print "| HTTP/2 streams | `REFUSED_STREAM`; the client may try again |"
    print "| HTTP/2 resets, control frames | `GOAWAY` with `ENHANCE_YOUR_CALM` |"
    print "| requests waiting in the core, bodies in one front | `503` with `Retry-After` |\n"
    print "## What an operator may change\n"
    print "Settings ([how to set them](configuration.md)); *per front* means that the host allows as many times that as it has fronts.\n"
    print "| Setting | What it bounds | Value | Default | Change |"
    print "|---|---|---|---|---|"
}

FILENAME ~ /configuration\.md$/ && /^## / { inside = $2 == "limits" }
FILENAME ~ /configuration\.md$/ && inside && /^\| `/ {
    split($0, cell, / \| /)
    sub(/^\| /, "", cell[1])
    sub(/ \|$/, "", cell[6])
    print "| " cell[1] " | " cell[2] " | " cell[3] " | " cell[4] " | " cell[6] " |"
}

FILENAME ~ /limits\.h$/ && !fixed++ {
    print "\n## What is fixed\n"
    print "| Name in the source | Value | Why |"
    print "|---|---|---|"
}
FILENAME ~ /limits\.h$/ && /^#define LIMIT_/ {
    if (!match($0, /\/\*.*\*\//)) { print FILENAME ": no reason beside " $2 > "/dev/stderr"; exit 1 }
    why = substr($0, RSTART + 3, RLENGTH - 6)
    value = substr($0, 1, RSTART - 1)
    sub(/^#define LIMIT_[A-Z0-9_]+ +/, "", value)
    sub(/ +$/, "", value)
    print "| `" $2 "` | " bytes(value) " | " why " |"
}

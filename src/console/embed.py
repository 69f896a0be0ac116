#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes console_assets[] (console/console.h): embed.py OUTPUT [FILE...]. No file: an empty table."""

import hashlib
import pathlib
import sys

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
PAGES = {"index.html": ["/graphiql", "/graphiql/connector"]}  # the script sees from the address which schema is meant


def main():
    output, *files = sys.argv[1:]
    parts, rows = ['#include "console/console.h"\n'], []
    for n, file in enumerate(map(pathlib.Path, files)):
        data = file.read_bytes()
        parts.append(f"static const unsigned char content_{n}[] = {{{','.join(map(str, data))}}};\n")
        revision = int.from_bytes(hashlib.sha256(data).digest()[:8], "big") >> 1
        for path in PAGES.get(file.name, [f"/graphiql/{file.name}"]):
            rows.append(f'    {{TEXT_INIT("{path}"), TEXT_INIT("{TYPES[file.suffix]}; charset=utf-8"), '
                        f"{{content_{n}, sizeof content_{n}}}, INT64_C({revision})}},\n")
    parts.append(f"const size_t console_asset_count = {len(rows)};\n")
    parts.append(f"const struct console_asset console_assets[] = {{\n{''.join(rows) or '    {.revision = 0},'}\n}};\n")
    pathlib.Path(output).write_text("".join(parts), encoding="ascii")


main()

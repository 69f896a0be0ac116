#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a file as a C array: embed.py INPUT OUTPUT SYMBOL gives SYMBOL[] and SYMBOL_size."""
import sys


def main():
    source, target, symbol = sys.argv[1:4]
    with open(source, "rb") as f:
        data = f.read()
    lines = [", ".join(str(b) for b in data[i:i + 20]) for i in range(0, len(data), 20)]
    with open(target, "w", encoding="ascii") as f:
        f.write("#include <stddef.h>\n")
        f.write(f"extern const unsigned char {symbol}[];\nextern const size_t {symbol}_size;\n")
        f.write(f"const unsigned char {symbol}[] = {{\n" + ",\n".join(lines) + "};\n")
        f.write(f"const size_t {symbol}_size = {len(data)};\n")


main()

# SPDX-License-Identifier: Apache-2.0
# awk -f scripts/layers.awk scripts/layers.txt scripts/fences.txt src/*/*.[ch] ...
# Prints every #include that points up, sideways or through a fence; exit status 1 when there is one.

function complain(text) {
    print FILENAME ":" FNR ": " text
    found = 1
}

function module_of(path) {
    sub(/\/.*/, "", path)
    return path
}

function check_fence(header,    i, pattern, stem, j, n, places) {
    for (i = 1; i <= fences; i++) {
        pattern = fence_pattern[i]
        stem = substr(pattern, 1, length(pattern) - 1)
        if (pattern ~ /\*$/ ? index(header, stem) != 1 : header != pattern)
            continue
        n = split(fence_places[i], places, " ")
        for (j = 1; j <= n; j++)
            if (index(file, places[j]) == 1)
                return
        complain("<" header "> belongs into " fence_places[i])
        return
    }
}

# Does `from` (a file) reach a header of `forbidden`? Leaves the way in `trail`.
function reaches(from, forbidden, depth,    i, n, list) {
    if (seen[from, forbidden]++)
        return 0
    n = split(includes[from], list, " ")
    for (i = 1; i <= n; i++) {
        if (module_of(list[i]) == forbidden || reaches(list[i], forbidden, depth + 1)) {
            trail = list[i] (trail == "" ? "" : " -> " trail)
            return 1
        }
    }
    return 0
}

/^#/ && FILENAME ~ /\.txt$/ { next }

FILENAME ~ /layers\.txt$/ && NF {
    name = $1
    sub(/:$/, "", name)
    known[name] = 1
    for (i = 2; i <= NF; i++) {
        if ($i ~ /^!/)
            never[name] = never[name] " " substr($i, 2)
        else
            allowed[name, $i] = 1
    }
    next
}

FILENAME ~ /fences\.txt$/ && NF {
    fence_pattern[++fences] = $1
    $1 = ""
    fence_places[fences] = substr($0, 2)
    next
}

FNR == 1 {
    file = FILENAME
    sub(/^.*src\//, "", file)
    module = module_of(file)
    files[++file_count] = file
    if (!(module in known))
        complain("module '" module "' is not in scripts/layers.txt")
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    sub(/>.*/, "", header)
    check_fence(header)
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    header = $0
    sub(/^[^"]*"/, "", header)
    sub(/".*/, "", header)
    to = module_of(header)
    includes[file] = includes[file] " " header
    if (index(header, "/") == 0)
        complain("\"" header "\": includes are \"module/file.h\"")
    else if (to != module && !((module, to) in allowed) && !((module, header) in allowed))
        complain("'" module "' may not include \"" header "\" (scripts/layers.txt)")
}

END {
    for (f = 1; f <= file_count; f++) {
        n = split(never[module_of(files[f])], forbidden, " ")
        for (k = 1; k <= n; k++) {
            trail = ""
            split("", seen)
            if (reaches(files[f], forbidden[k], 0)) {
                print "src/" files[f] ": reaches '" forbidden[k] "': " trail
                found = 1
            }
        }
    }
    exit found
}

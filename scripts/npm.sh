# SPDX-License-Identifier: Apache-2.0
# Sourced after lib.sh by what needs packages from npm: the tests (scripts/bootstrap test) and scripts/web. They are pinned and hashed by lock files,
# and no package's install script runs. Debian's npm is 360 packages, so where there is none, npm itself is one pinned file, for Debian's Node.js.
NPM=https://registry.npmjs.org/npm/-/npm-10.8.2.tgz
NPM_SHA256=c8c61ba0fa0ab3b5120efd5ba97fdaf0e0b495eef647a97c4413919eda0a878b

npm_is_the_one() {
    echo "$NPM_SHA256  .cache/npm/npm.tgz" | sha256sum -c --quiet -
}

run_npm() {
    if command -v npm >/dev/null 2>&1; then
        npm "$@"
        return
    fi
    if ! npm_is_the_one 2>/dev/null; then
        mkdir -p .cache/npm
        curl -fsS --retry 3 -o .cache/npm/npm.tgz "$NPM" || return 1
        npm_is_the_one || return 1
    fi
    rm -rf .cache/npm/package
    tar -xzf .cache/npm/npm.tgz -C .cache/npm || return 1
    # The host's trust store counts, as for curl.
    NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} node .cache/npm/package/bin/npm-cli.js "$@"
}

install_from_npm() {
    [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
    say "Installing what $1/package-lock.json names"
    run_npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null ||
        die "npm could not install what $1 names"
}


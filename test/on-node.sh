#!/usr/bin/env bash
# Runs the tests that depend most on the version of Node.js, those of sockets, streams, real clients, browsers and proxies:
# `bash test/on-node.sh 24`. It needs `npm ci --ignore-scripts --prefix test/conformance`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$1
node_directory=$PWD/test/conformance/node_modules/node-$version/bin
[ "$("$node_directory/node" -p 'process.versions.node.split(".")[0]')" = "$version" ]
export PATH="$node_directory:$PATH" TAP=1 TAP_TIMEOUT=${TAP_TIMEOUT:-120}

# Files that take long come first, so that no core is idle at the end.
files=$(git ls-files ':(glob)test/e2e/*.alone.test.ts' test/shutdown.alone.test.ts test/stdio/clients.alone.test.ts \
  ':(glob)test/telemetry/otel/*.alone.test.ts' ':(glob)test/together/e2e*.ts' test/together/http.ts)

run_test_file () {
  local output
  if output=$(node --import ./test/loader.js "$1" 2>&1); then
    grep -aE '^# \{ total' <<<"$output"
  else
    printf '# %s on Node.js %s\n%s\n' "$1" "$(node --version)" "$output"
    return 1
  fi
}
export -f run_test_file

node --input-type=module --eval "import { prepare } from './test/prepare.js'; await prepare()"
# shellcheck disable=SC2086
printf '%s\n' $files | xargs -n 1 -P "$(($(nproc) + 1))" bash -c 'run_test_file "$1"' _

#!/bin/sh
# Bundles the playground's editor (CodeMirror) into nexus/http/console/assets, for a wheel or for a
# checkout: scripts/console/build.sh. Needs node and npm, and fetches the packages of package.json.
# Without the bundle the playground has a plain field.
set -eu
cd "$(dirname "$0")"

assets=../../nexus/http/console/assets
npm install --no-audit --no-fund --no-package-lock --silent
{
    echo "The file editor.js contains these packages:"
    for license in node_modules/[a-df-z]*/LICENSE node_modules/@[!e]*/*/LICENSE; do # not esbuild's
        package=${license#node_modules/}
        printf '\n==== %s ====\n\n' "${package%/LICENSE}"
        cat "$license"
    done
} >"$assets/editor.LICENSES.txt"
node_modules/.bin/esbuild editor.js --bundle --minify --format=esm --target=es2022 \
    --banner:js="// CodeMirror 6 and its parts, MIT: see editor.LICENSES.txt" \
    --log-level=warning --outfile="$assets/.editor.js"
mv "$assets/.editor.js" "$assets/editor.js"

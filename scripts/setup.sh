#!/bin/sh
# Make a virtual environment with Nexus and the named extra in it: setup.sh VENV [EXTRA]
# PYTHON=... picks the interpreter; else a 3.10 (wasmer + LLVM), else the newest 3.11+ (wasmtime).
set -eu
venv=$1
extra=${2:-}

die() { echo "setup: $1" >&2; exit 1; }

# Run it: a pyenv shim exists on PATH for versions that are not selected.
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

find_python() {
    for candidate in python3.10 "$HOME"/.pyenv/versions/3.10*/bin/python "$(uv python find 3.10 2>/dev/null || true)" \
        python3.14 python3.13 python3.12 python3.11 python3; do
        case $(version_of "$candidate") in
            3.1[0-9]) command -v "$candidate"; return ;;
        esac
    done
    die "no Python 3.10 or newer found; install one: sudo apt-get install python3 python3-venv"
}

if [ -n "${PYTHON:-}" ]; then
    case $(version_of "$PYTHON") in
        3.1[0-9]) python=$(command -v "$PYTHON") ;;
        "") die "PYTHON=$PYTHON does not run" ;;
        *) die "PYTHON=$PYTHON is Python $(version_of "$PYTHON"); Nexus needs 3.10 or newer" ;;
    esac
elif [ -f "$venv/.complete" ]; then
    python=$venv/bin/python
else
    python=$(find_python)
fi
version=$(version_of "$python")

# What the environment was made from: another interpreter or other requirements mean making it anew.
wanted="$version $(cat setup.cfg pyproject.toml | cksum)"
[ "$(version_of "$venv/bin/python")" = "$version" ] || rm -rf "$venv"
if [ ! -x "$venv/bin/python" ]; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "this Python has no venv module; install it: sudo apt-get install python${version}-venv"
    "$python" -m venv "$venv"
fi
stamp="$venv/.complete"
done_already=$(grep -Fx "$wanted [$extra]" "$stamp" 2>/dev/null || true)
if [ -z "$done_already" ]; then
    echo "Installing Nexus into $venv (about a minute the first time) ..."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".${extra:+[$extra]}"
    grep -F "$wanted [" "$stamp" 2>/dev/null >"$stamp.new" || true
    echo "$wanted [$extra]" >>"$stamp.new"
    mv "$stamp.new" "$stamp"
fi
case $version in
    3.10) echo "Python $version ($python): engine wasmer with LLVM" ;;
    *) echo "Python $version ($python): engine wasmtime (wasmer has wheels for Python 3.10 only)" ;;
esac

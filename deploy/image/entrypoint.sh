#!/bin/sh
# Copies the artifacts made at build time into the cache folder, which may be an empty volume.
set -eu
umask 077 # Nexus trusts artifacts: no other user may write them

cache=${NEXUS_CACHE_DIR:-/var/cache/nexus}
if [ ! -e "$cache/artifacts" ]; then
    cp -RP /opt/nexus-cache/. "$cache"
fi
exec "$@"

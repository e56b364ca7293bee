#!/usr/bin/env bash
# Runs the image as a cluster would confine it, at half a core, and shows that it serves examples
# without compiling anything, knows its quota, and is throttled under load: as root, on Debian, after
# build.sh.
#
#   deploy/image/try.sh [TAG]     default nexus-runtime:0.2.0
#
# To install what it needs: apt-get install podman runc curl
set -euo pipefail

tag=${1:-nexus-runtime:0.2.0}
storage=${STORAGE:-/var/tmp/nexus-image}
port=${PORT:-18080}
management=${MANAGEMENT_PORT:-18090}
podman() {
    command podman --root "$storage/root" --runroot "$storage/run" --storage-driver vfs \
        --cgroup-manager cgroupfs --runtime runc "$@"
}

# Takes the place of an emptyDir: it is empty, and the image's user may write to it.
cache=$(mktemp -d -p "$storage")
chown 10001:10001 "$cache"

# Set the limits on open files and processes, because a nested podman may not raise them.
container=$(podman run --detach --read-only --user 10001:10001 --cap-drop ALL \
    --security-opt no-new-privileges --cpus 0.5 --network host \
    --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
    --tmpfs /tmp:rw,size=64m --volume "$cache:/var/cache/nexus" \
    --env "NEXUS_BIND=127.0.0.1:$port" --env "NEXUS_MANAGEMENT_BIND=127.0.0.1:$management" --env NEXUS_CPU_PROFILE=burst "localhost/$tag")
cleanup() {
    podman logs "$container" >"$storage/container.log" 2>&1 || true
    podman rm --force --time 5 "$container" >/dev/null
    rm -rf "$cache"
}
trap cleanup EXIT

fail() {
    echo "failed: $*" >&2
    podman logs "$container" >&2 || true
    exit 1
}
get() { curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:$port$1" "${@:2}"; }
managed() { curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:$management$1"; }
metric() { managed /metrics | sed -n "s/^$1 //p"; }

ready=no
for _ in $(seq 120); do
    if managed /readyz >/dev/null 2>&1; then ready=yes && break; fi
    sleep 0.25 # poll, up to a limit: at half a core the start takes some seconds
done
[ "$ready" = yes ] || fail "not ready after 30 s"

echo "hello:             $(get /hello)"
orders='[{"customer": "ann", "items": [{"price": 2, "count": 3}]}]'
echo "javascript:        $(get /transform --data "$orders")"
# The image has the code of QuickJS and of the handlers, made for this profile's memory and compiler.
compiled=$(managed /metrics | sed -n 's/^nexus_compile_seconds_count{\(.*\)} /\1 /p')
echo "compiled:          ${compiled:-nothing}"
[ -z "$compiled" ] || fail "the image's code does not fit"
# The sandbox is what it should be, and Nexus can work as it should in it.
confined=$(podman exec "$container" grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/1/status | tr -s '\t\n' ' ')
echo "sandbox:           $confined"
case $confined in
    *"Uid: 10001 "*"CapEff: 0000000000000000 "*"NoNewPrivs: 1 "*"Seccomp: 2 "*) ;;
    *) fail "not confined: seccomp (2), no capabilities, no new privileges and user 10001 are expected" ;;
esac
if podman exec "$container" touch /written 2>/dev/null; then fail "the root can be written"; fi
resets=$(podman logs "$container" 2>&1 | sed -n 's/.*"message": *"a reset \([^"]*\)".*/\1/p' | head -n 1)
echo "a reset:           $resets"
[ "$resets" = "copies the pages that were written" ] ||
    fail "resets copy whole memories: memfd_create or /proc/self/pagemap is not allowed"
echo "processes:         $(podman top "$container" pid args | grep -c '[n]exus serve') (a master and its workers)"
quota=$(metric nexus_cpu_quota_cores)
echo "quota:             $quota cores"
[ "$quota" = 0.5 ] || fail "the quota is not 0.5"

before=$(metric nexus_cpu_throttled_seconds_total)
echo "throttled before:  $before s"
for _ in 1 2 3 4; do
    # 8 MB to hash: some 50 ms of a core, a whole period's quota
    (for _ in $(seq 20); do head -c 8000000 /dev/zero | get /sha256 --data-binary @- >/dev/null || true; done) &
done
wait
after=$(metric nexus_cpu_throttled_seconds_total)
echo "throttled after:   $after s, in $(metric nexus_cpu_throttled_periods_total) periods"
awk -v before="$before" -v after="$after" 'BEGIN { exit !(after > before) }' ||
    fail "load did not throttle it"

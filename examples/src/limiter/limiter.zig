//! Limits how often a user may do something: five times a minute. The context's `args` is the user's
//! name; the answer is true or false. What it counts is in the state, under `hits:USER:MINUTE`. Run
//! with
//!
//!     nexus run limiter.wasm --context '{"args": "ann"}'

const nexus = @import("nexus");

const most_hits = 5;
const minute_ms = 60_000;

const Iovec = extern struct { base: [*]const u8, len: usize };
extern "wasi_snapshot_preview1" fn fd_write(fd: u32, iovecs: [*]const Iovec, count: usize, written: *usize) u16;

pub export fn _start() void {
    var buffer: [128]u8 = undefined;
    const user = nameIn(nexus.args(&buffer) catch "null") orelse {
        return write("Content-Type: text/plain\n\nThis handler takes a JSON context; its args are a user's name.\n");
    };
    const allowed = hit(user) catch |problem| {
        nexus.log(.err, @errorName(problem));
        @trap();
    };
    write(if (allowed) "true" else "false");
}

fn hit(user: []const u8) nexus.Error!bool {
    const minute: u64 = @intCast(@divFloor(nexus.time(), minute_ms));
    var keys: [2][160]u8 = undefined;
    const key = keyOf(&keys[0], user, minute);

    var digit: [1]u8 = undefined;
    const hits: u8 = if (nexus.stateGet(key, &digit)) |found| switch (found[0]) {
        '0'...'9' => found[0] - '0',
        else => return error.Invalid,
    } else |problem| switch (problem) {
        error.NotFound => 0,
        else => return problem,
    };
    if (hits >= most_hits) {
        try nexus.emit("limited", quoted(&keys[1], user));
        return false;
    }
    try nexus.stateSet(key, &.{'1' + hits});
    try nexus.stateDelete(keyOf(&keys[1], user, minute - 1));
    return true;
}

/// A name in a JSON string: letters, digits, `_` and `-`.
fn nameIn(json: []const u8) ?[]const u8 {
    if (json.len < 3 or json[0] != '"') return null;
    const name = json[1 .. json.len - 1];
    for (name) |character| switch (character) {
        'a'...'z', 'A'...'Z', '0'...'9', '_', '-' => {},
        else => return null,
    };
    return name;
}

fn keyOf(buffer: *[160]u8, user: []const u8, minute: u64) []const u8 {
    var end = put(buffer, 0, "hits:");
    end = put(buffer, end, user);
    end = put(buffer, end, ":");
    var divisor: u64 = 1;
    while (minute / divisor >= 10) divisor *= 10;
    while (divisor > 0) : (divisor /= 10) {
        end = put(buffer, end, &.{@as(u8, '0') + @as(u8, @intCast(minute / divisor % 10))});
    }
    return buffer[0..end];
}

fn quoted(buffer: *[160]u8, name: []const u8) []const u8 {
    return buffer[0..put(buffer, put(buffer, put(buffer, 0, "\""), name), "\"")];
}

fn put(buffer: *[160]u8, at: usize, text: []const u8) usize {
    @memcpy(buffer[at..][0..text.len], text);
    return at + text.len;
}

fn write(text: []const u8) void {
    const iovec = [_]Iovec{.{ .base = text.ptr, .len = text.len }};
    var written: usize = 0;
    // Nobody is left to tell: the host turns a trap into an error and a line in its log.
    if (fd_write(1, &iovec, 1, &written) != 0 or written != text.len) @trap();
}

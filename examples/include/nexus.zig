//! What a WebAssembly guest may ask of Nexus: docs/abi.md. Strings are UTF-8 and values JSON.
//!
//! A function that gives something takes a buffer and returns the part of it that was filled, or
//! `error.NoRoom` where the buffer is too small.

pub const Error = error{
    /// the state has no such key
    NotFound,
    /// the manifest does not grant it, whether it exists or not
    Denied,
    /// no key, no JSON, no UTF-8, no such command
    Invalid,
    /// this execution has no context
    Unavailable,
    /// a pointer or a length leads out of the memory
    Fault,
    /// the execution is over: return
    Stopped,
    /// the extension answered with an error, which `extResult` has
    Failed,
    /// the key-value store is away, or took too long
    StoreUnavailable,
    /// the namespace would become too large
    StoreFull,
    /// the buffer is too small
    NoRoom,
};

pub const Level = enum(i32) { debug, info, warn, err };

pub const ViewCommand = enum { setFilter, scrollTo, focus, custom };

const imports = struct {
    extern "nexus" fn args(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn emit(name: [*]const u8, name_size: usize, payload: [*]const u8, payload_size: usize) i32;
    extern "nexus" fn ext_call(name: [*]const u8, name_size: usize, method: [*]const u8, method_size: usize, argument: [*]const u8, argument_size: usize) i32;
    extern "nexus" fn ext_result(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn kv_compare_and_set(space: [*]const u8, space_size: usize, key: [*]const u8, key_size: usize, expected: [*]const u8, expected_size: usize, value: [*]const u8, value_size: usize, ttl_ms: i64) i32;
    extern "nexus" fn kv_delete(space: [*]const u8, space_size: usize, key: [*]const u8, key_size: usize) i32;
    extern "nexus" fn kv_get(space: [*]const u8, space_size: usize, key: [*]const u8, key_size: usize) i32;
    extern "nexus" fn kv_increment(space: [*]const u8, space_size: usize, key: [*]const u8, key_size: usize, by: i64, ttl_ms: i64, sum: *i64) i32;
    extern "nexus" fn kv_list(space: [*]const u8, space_size: usize, prefix: [*]const u8, prefix_size: usize, cursor: [*]const u8, cursor_size: usize, limit: i32) i32;
    extern "nexus" fn kv_put(space: [*]const u8, space_size: usize, key: [*]const u8, key_size: usize, value: [*]const u8, value_size: usize, ttl_ms: i64) i32;
    extern "nexus" fn kv_result(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn http_body(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn http_read(number: i32) i32;
    extern "nexus" fn http_cancel(number: i32) i32;
    extern "nexus" fn http_result(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn http_start(head: [*]const u8, head_size: usize, body: [*]const u8, body_size: usize) i32;
    extern "nexus" fn http_wait(milliseconds: i32) i32;
    extern "nexus" fn log(level: Level, text: [*]const u8, size: usize) i32;
    extern "nexus" fn scope(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn state_delete(key: [*]const u8, key_size: usize) i32;
    extern "nexus" fn state_get(key: [*]const u8, key_size: usize, buffer: [*]u8, size: usize) i32;
    extern "nexus" fn state_has(key: [*]const u8, key_size: usize) i32;
    extern "nexus" fn state_keys(buffer: [*]u8, size: usize) i32;
    extern "nexus" fn state_set(key: [*]const u8, key_size: usize, value: [*]const u8, value_size: usize) i32;
    extern "nexus" fn time() i64;
    extern "nexus" fn view(command: [*]const u8, command_size: usize, id: [*]const u8, id_size: usize, argument: [*]const u8, argument_size: usize) i32;
};

/// The value of `key` as JSON. Needs `state:read:KEY`.
pub fn stateGet(key: []const u8, buffer: []u8) Error![]u8 {
    return filled(buffer, imports.state_get(key.ptr, key.len, buffer.ptr, buffer.len));
}

/// Whether the state has `key`. Needs `state:read:KEY`.
pub fn stateHas(key: []const u8) Error!bool {
    return try checked(imports.state_has(key.ptr, key.len)) == 1;
}

/// A JSON array of the keys that may be read.
pub fn stateKeys(buffer: []u8) Error![]u8 {
    return filled(buffer, imports.state_keys(buffer.ptr, buffer.len));
}

/// Give `key` a JSON value. Needs `state:write:KEY`.
pub fn stateSet(key: []const u8, value: []const u8) Error!void {
    _ = try checked(imports.state_set(key.ptr, key.len, value.ptr, value.len));
}

/// Take `key` away, whether it was there or not. Needs `state:write:KEY`.
pub fn stateDelete(key: []const u8) Error!void {
    _ = try checked(imports.state_delete(key.ptr, key.len));
}

/// Emit an event with a JSON payload. Needs `events:emit:NAME`.
pub fn emit(name: []const u8, payload: []const u8) Error!void {
    _ = try checked(imports.emit(name.ptr, name.len, payload.ptr, payload.len));
}

/// Send a command with a JSON argument to a view. Needs `view:update:ID`.
pub fn view(command: ViewCommand, id: []const u8, argument: []const u8) Error!void {
    const name = @tagName(command);
    _ = try checked(imports.view(name.ptr, name.len, id.ptr, id.len, argument.ptr, argument.len));
}

/// The context's `args` as JSON, `null` without a context.
pub fn args(buffer: []u8) Error![]u8 {
    return filled(buffer, imports.args(buffer.ptr, buffer.len));
}

/// The context's `scope` as JSON, `null` without a context.
pub fn scope(buffer: []u8) Error![]u8 {
    return filled(buffer, imports.scope(buffer.ptr, buffer.len));
}

/// Call an extension with a JSON argument and wait for its answer; `extResult` has that, also the
/// message of an `error.Failed`. Needs `ext:NAME`.
pub fn extCall(name: []const u8, method: []const u8, argument: []const u8) Error!void {
    _ = try checked(imports.ext_call(name.ptr, name.len, method.ptr, method.len, argument.ptr, argument.len));
}

/// The last extension's answer as JSON.
pub fn extResult(buffer: []u8) Error![]u8 {
    return filled(buffer, imports.ext_result(buffer.ptr, buffer.len));
}

/// The value of `key` in a namespace of the manifest's `kv`; "" is the handler's own.
pub fn kvGet(space: []const u8, key: []const u8, buffer: []u8) Error![]u8 {
    _ = try checked(imports.kv_get(space.ptr, space.len, key.ptr, key.len));
    return filled(buffer, imports.kv_result(buffer.ptr, buffer.len));
}

/// Set `key` to `value` for `ttl_ms` milliseconds; 0: for ever.
pub fn kvPut(space: []const u8, key: []const u8, value: []const u8, ttl_ms: i64) Error!void {
    _ = try checked(imports.kv_put(space.ptr, space.len, key.ptr, key.len, value.ptr, value.len, ttl_ms));
}

/// Delete `key`, whether it was there or not.
pub fn kvDelete(space: []const u8, key: []const u8) Error!void {
    _ = try checked(imports.kv_delete(space.ptr, space.len, key.ptr, key.len));
}

/// Up to `limit` keys that begin with `prefix`, as JSON; `cursor` is "" or that of the last call.
pub fn kvList(space: []const u8, prefix: []const u8, cursor: []const u8, limit: i32, buffer: []u8) Error![]u8 {
    _ = try checked(imports.kv_list(space.ptr, space.len, prefix.ptr, prefix.len, cursor.ptr, cursor.len, limit));
    return filled(buffer, imports.kv_result(buffer.ptr, buffer.len));
}

/// Add `by` to the number that `key` holds, or to 0; the sum.
pub fn kvIncrement(space: []const u8, key: []const u8, by: i64, ttl_ms: i64) Error!i64 {
    var sum: i64 = 0;
    _ = try checked(imports.kv_increment(space.ptr, space.len, key.ptr, key.len, by, ttl_ms, &sum));
    return sum;
}

/// Set `key` to `value` if it holds `expected`; whether it did. `null` stands for no such key.
pub fn kvCompareAndSet(space: []const u8, key: []const u8, expected: ?[]const u8, value: ?[]const u8, ttl_ms: i64) Error!bool {
    const absent: usize = 0xffffffff;
    const old = expected orelse "";
    const new = value orelse "";
    const old_size = if (expected == null) absent else old.len;
    const new_size = if (value == null) absent else new.len;
    return try checked(imports.kv_compare_and_set(space.ptr, space.len, key.ptr, key.len, old.ptr, old_size, new.ptr, new_size, ttl_ms)) == 1;
}

/// Send a request in the background; its number. The head is JSON (docs/abi.md). Needs a grant in
/// the manifest's `http`.
pub fn httpStart(head: []const u8, body: []const u8) Error!usize {
    return checked(imports.http_start(head.ptr, head.len, body.ptr, body.len));
}

/// The number of a request that has ended, null for none in that time; -1 waits however long it
/// takes. `httpResult` and `httpBody` then belong to that request.
pub fn httpWait(milliseconds: i32) Error!?usize {
    const number = try checked(imports.http_wait(milliseconds));
    return if (number == 0) null else number;
}

/// How the request ended, as JSON.
pub fn httpResult(buffer: []u8) Error![]u8 {
    return filled(buffer, imports.http_result(buffer.ptr, buffer.len));
}

/// The body of its answer.
pub fn httpBody(buffer: []u8) Error![]u8 {
    return filled(buffer, imports.http_body(buffer.ptr, buffer.len));
}

/// Ask for the next part of a body that comes in parts ("stream" in the head, "more" in the result),
/// and wait for it with `httpWait`.
pub fn httpRead(number: usize) Error!void {
    _ = try checked(imports.http_read(@intCast(number)));
}

/// Drop a request, or the rest of its answer's body.
pub fn httpCancel(number: usize) void {
    _ = imports.http_cancel(@intCast(number));
}

/// Write a line to the handler's log.
pub fn log(level: Level, text: []const u8) void {
    _ = imports.log(level, text.ptr, text.len);
}

/// Milliseconds since 1970.
pub fn time() i64 {
    return imports.time();
}

fn filled(buffer: []u8, length: i32) Error![]u8 {
    const size = try checked(length);
    if (size > buffer.len) return error.NoRoom;
    return buffer[0..size];
}

fn checked(status: i32) Error!usize {
    return switch (status) {
        -1 => error.NotFound,
        -2 => error.Denied,
        -3 => error.Invalid,
        -4 => error.Unavailable,
        -5 => error.Fault,
        -6 => error.Stopped,
        -7 => error.Failed,
        -8 => error.StoreUnavailable,
        -9 => error.StoreFull,
        else => @intCast(status),
    };
}

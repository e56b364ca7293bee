//! CGI/1.1 over WASI preview 1: meta-variables come in the environment, the response goes to
//! standard output.

const Iovec = extern struct { base: [*]const u8, len: usize };

const wasi = struct {
    extern "wasi_snapshot_preview1" fn environ_sizes_get(count: *usize, bytes: *usize) u16;
    extern "wasi_snapshot_preview1" fn environ_get(entries: [*][*]const u8, text: [*]u8) u16;
    extern "wasi_snapshot_preview1" fn fd_write(fd: u32, iovecs: [*]const Iovec, count: usize, written: *usize) u16;
};

var entries: [256][*]const u8 = undefined;
var text: [24 * 1024]u8 = undefined;

/// The meta-variables as `NAME=value`, each ended by a zero byte. Fails where the request's header
/// fields do not fit in the 24 KiB set aside for them.
pub fn environment() error{TooLarge}![]const u8 {
    var count: usize = 0;
    var bytes: usize = 0;
    if (wasi.environ_sizes_get(&count, &bytes) != 0) @trap();
    if (count > entries.len or bytes > text.len) return error.TooLarge;
    if (wasi.environ_get(&entries, &text) != 0) @trap();
    return text[0..bytes];
}

/// The value of one meta-variable, empty where the request has none.
pub fn variable(variables: []const u8, comptime name: []const u8) []const u8 {
    var rest = variables;
    while (rest.len > 0) {
        var end: usize = 0;
        while (end < rest.len and rest[end] != 0) end += 1;
        const entry = rest[0..end];
        if (startsWith(entry, name ++ "=")) return entry[name.len + 1 ..];
        rest = if (end < rest.len) rest[end + 1 ..] else rest[end..];
    }
    return "";
}

/// Write all of `bytes` to standard output.
pub fn write(bytes: []const u8) void {
    var rest = bytes;
    while (rest.len > 0) {
        const iovec = [_]Iovec{.{ .base = rest.ptr, .len = rest.len }};
        var written: usize = 0;
        // Nobody is left to tell: the host turns a trap into a 500 and a line in its log.
        if (wasi.fd_write(1, &iovec, 1, &written) != 0 or written == 0) @trap();
        rest = rest[written..];
    }
}

fn startsWith(bytes: []const u8, prefix: []const u8) bool {
    if (bytes.len < prefix.len) return false;
    for (prefix, bytes[0..prefix.len]) |a, b| if (a != b) return false;
    return true;
}

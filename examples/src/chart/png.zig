//! A PNG encoder for pictures of one colour in 16 levels of opacity, written as it goes: it
//! holds one row and one chunk, whatever the picture's size.
//!
//! PNG (ISO/IEC 15948) with 4-bit palette indices; rows are filtered by "up", which leaves mostly
//! zeros in a chart, and these go into the runs of `deflate.zig`.

const Deflate = @import("deflate.zig").Deflate;
const cgi = @import("cgi.zig");
const Level = @import("plot.zig").Level;

const max_row_bytes = 512;
const filter_up = 2;

var previous: [max_row_bytes]u8 = undefined;
var stream: Deflate = undefined;

/// Write everything that comes before the first row.
pub fn begin(width: u16, height: u16, color: [3]u8) void {
    cgi.write("\x89PNG\r\n\x1a\n");

    var header: [13]u8 = @splat(0);
    header[2..4].* = bigEndian(u16, width);
    header[6..8].* = bigEndian(u16, height);
    header[8] = 4; // bits a pixel
    header[9] = 3; // colour type: palette
    writeChunk("IHDR", &header);

    // One colour, sixteen times: the levels differ in opacity alone, so that the chart fits on
    // a background of any colour.
    var palette: [16][3]u8 = @splat(color);
    writeChunk("PLTE", @ptrCast(&palette));
    var opacity: [16]u8 = undefined;
    for (&opacity, 0..) |*alpha, level| alpha.* = @intCast(level * 255 / 15);
    writeChunk("tRNS", &opacity);

    @memset(&previous, 0);
    stream = .{ .flush = writeData };
    stream.begin();
}

/// Write one row of pixels.
pub fn row(levels: []const Level) void {
    stream.put(filter_up);
    var i: usize = 0;
    while (i < levels.len) : (i += 2) {
        const right: u8 = if (i + 1 < levels.len) levels[i + 1] else 0;
        const packed_pair = @as(u8, levels[i]) << 4 | right;
        stream.put(packed_pair -% previous[i / 2]);
        previous[i / 2] = packed_pair;
    }
}

/// Write what comes after the last row.
pub fn end() void {
    stream.end();
    writeChunk("IEND", "");
}

fn writeData(data: []const u8) void {
    writeChunk("IDAT", data);
}

fn writeChunk(kind: *const [4]u8, data: []const u8) void {
    var front: [8]u8 = undefined;
    front[0..4].* = bigEndian(u32, @intCast(data.len));
    front[4..8].* = kind.*;
    cgi.write(&front);
    cgi.write(data);
    cgi.write(&bigEndian(u32, ~crc(crc(0xffffffff, kind), data)));
}

const crc_table = blk: {
    @setEvalBranchQuota(10_000);
    var table: [256]u32 = undefined;
    for (&table, 0..) |*entry, byte| {
        var remainder: u32 = byte;
        for (0..8) |_| remainder = remainder >> 1 ^ (remainder & 1) * 0xedb88320;
        entry.* = remainder;
    }
    break :blk table;
};

fn crc(start: u32, bytes: []const u8) u32 {
    var remainder = start;
    for (bytes) |byte| remainder = crc_table[(remainder ^ byte) & 0xff] ^ remainder >> 8;
    return remainder;
}

fn bigEndian(comptime T: type, value: T) [@sizeOf(T)]u8 {
    return @bitCast(@byteSwap(value));
}

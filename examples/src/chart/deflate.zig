//! A zlib stream (RFC 1950) of one block with the fixed Huffman codes (RFC 1951). It looks for
//! nothing but runs of one byte: a match at distance 1.

const max_run = 258;
const min_run = 3;
const adler_modulus = 65521;

pub const Deflate = struct {
    /// Receives the compressed bytes, a full buffer at a time.
    flush: *const fn ([]const u8) void,

    buffer: [8 * 1024]u8 = undefined,
    filled: usize = 0,
    bits: u32 = 0,
    bit_count: u5 = 0,

    last: ?u8 = null,
    run: u32 = 0,
    adler_a: u32 = 1,
    adler_b: u32 = 0,

    pub fn begin(self: *Deflate) void {
        self.putByte(0x78); // deflate, 32 KiB window
        self.putByte(0x01); // no dictionary; makes the two a multiple of 31
        self.putBits(1, 1); // the last block
        self.putBits(1, 2); // fixed Huffman codes
    }

    pub fn put(self: *Deflate, byte: u8) void {
        self.adler_a = (self.adler_a + byte) % adler_modulus;
        self.adler_b = (self.adler_b + self.adler_a) % adler_modulus;
        if (self.last == byte and self.run < max_run) {
            self.run += 1;
            return;
        }
        self.endRun();
        self.putSymbol(byte);
        self.last = byte;
    }

    pub fn end(self: *Deflate) void {
        self.endRun();
        self.putSymbol(256); // end of block
        if (self.bit_count > 0) self.putBits(0, 8 - self.bit_count);
        const adler = self.adler_b << 16 | self.adler_a;
        for (0..4) |i| self.putByte(@truncate(adler >> @intCast(24 - 8 * i)));
        self.flush(self.buffer[0..self.filled]);
        self.filled = 0;
    }

    fn endRun(self: *Deflate) void {
        if (self.run < min_run) {
            for (0..self.run) |_| self.putSymbol(self.last.?);
        } else {
            self.putLength(self.run);
            self.putBits(0, 5); // distance 1
        }
        self.run = 0;
    }

    /// RFC 1951, section 3.2.5: from 11 on, each four codes have one more extra bit.
    fn putLength(self: *Deflate, length: u32) void {
        const over = length - min_run;
        if (length == max_run) {
            self.putSymbol(285);
        } else if (over < 8) {
            self.putSymbol(257 + over);
        } else {
            const extra: u5 = @intCast(29 - @clz(over));
            self.putSymbol(257 + 4 * (@as(u32, extra) + 1) + (over >> extra & 3));
            self.putBits(over & ((@as(u32, 1) << extra) - 1), extra);
        }
    }

    /// RFC 1951, section 3.2.6. Huffman codes, unlike all else, go out highest bit first.
    fn putSymbol(self: *Deflate, symbol: u32) void {
        const code: struct { u32, u5 } = switch (symbol) {
            0...143 => .{ 0x30 + symbol, 8 },
            144...255 => .{ 0x190 + symbol - 144, 9 },
            256...279 => .{ symbol - 256, 7 },
            else => .{ 0xc0 + symbol - 280, 8 },
        };
        self.putBits(@bitReverse(code[0]) >> @intCast(32 - @as(u32, code[1])), code[1]);
    }

    fn putBits(self: *Deflate, bits: u32, count: u5) void {
        self.bits |= bits << self.bit_count;
        self.bit_count += count;
        while (self.bit_count >= 8) : (self.bit_count -= 8) {
            self.putByte(@truncate(self.bits));
            self.bits >>= 8;
        }
    }

    fn putByte(self: *Deflate, byte: u8) void {
        self.buffer[self.filled] = byte;
        self.filled += 1;
        if (self.filled == self.buffer.len) {
            self.flush(&self.buffer);
            self.filled = 0;
        }
    }
};

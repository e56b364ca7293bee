//! The query string of a chart, checked: `values=3,1,4&width=300&height=80&color=0a7`.

pub const max_values = 500;
pub const max_width = 1000;
pub const max_height = 400;
const min_side = 16;

pub const Request = struct {
    values: []const f64,
    width: u16 = 300,
    height: u16 = 80,
    color: [3]u8 = .{ 0x00, 0xaa, 0x77 },
};

pub const Problem = error{ Parameter, Escape, Values, Width, Height, Color };

/// What to tell the client. It never repeats the client's own text.
pub fn explain(problem: Problem) []const u8 {
    return switch (problem) {
        error.Parameter => "the parameters are values, width, height and color, each at most once",
        error.Escape => "a percent sign is followed by two hexadecimal digits, and a value has at most 8 KiB",
        error.Values => "values must be 2 to 500 numbers, such as values=3,-1.5,4 (at most 15 digits each)",
        error.Width => "width must be a whole number from 16 to 1000",
        error.Height => "height must be a whole number from 16 to 400",
        error.Color => "color must be 3 or 6 hexadecimal digits, such as 0a7 or 00aa77",
    };
}

const Name = enum { values, width, height, color };

var numbers: [max_values]f64 = undefined;
var decoded: [8 * 1024]u8 = undefined;

/// Read a query string. The values stay valid until the next call.
pub fn parse(query: []const u8) Problem!Request {
    var request: Request = .{ .values = numbers[0..0] };
    var seen: [4]bool = @splat(false);
    var rest = query;
    while (rest.len > 0) {
        const pair = cut(&rest, '&');
        if (pair.len == 0) continue;
        var value = pair;
        const name = nameOf(cut(&value, '=')) orelse return error.Parameter;
        if (seen[@backingInt(name)]) return error.Parameter;
        seen[@backingInt(name)] = true;

        const plain = try decode(value);
        switch (name) {
            .values => request.values = try parseValues(plain),
            .width => request.width = parseSide(plain, max_width) orelse return error.Width,
            .height => request.height = parseSide(plain, max_height) orelse return error.Height,
            .color => request.color = parseColor(plain) orelse return error.Color,
        }
    }
    return if (seen[@backingInt(Name.values)]) request else error.Values;
}

/// Take the part before `separator` off the front of `rest`; all of it where there is none.
fn cut(rest: *[]const u8, separator: u8) []const u8 {
    const all = rest.*;
    for (all, 0..) |byte, i| if (byte == separator) {
        rest.* = all[i + 1 ..];
        return all[0..i];
    };
    rest.* = all[all.len..];
    return all;
}

fn nameOf(name: []const u8) ?Name {
    inline for (@typeInfo(Name).@"enum".field_names, 0..) |candidate, i| {
        if (equal(name, candidate)) return @fromBackingInt(@intCast(i));
    }
    return null;
}

fn equal(a: []const u8, b: []const u8) bool {
    if (a.len != b.len) return false;
    for (a, b) |x, y| if (x != y) return false;
    return true;
}

/// Undo percent-encoding: clients commonly send a comma as `%2C` and a space as `+`.
fn decode(value: []const u8) Problem![]const u8 {
    var length: usize = 0;
    var i: usize = 0;
    while (i < value.len) : (length += 1) {
        if (length == decoded.len) return error.Escape;
        if (value[i] == '%') {
            if (value.len - i < 3) return error.Escape;
            const high = hexDigit(value[i + 1]) orelse return error.Escape;
            const low = hexDigit(value[i + 2]) orelse return error.Escape;
            decoded[length] = high * 16 + low;
            i += 3;
        } else {
            decoded[length] = if (value[i] == '+') ' ' else value[i];
            i += 1;
        }
    }
    return decoded[0..length];
}

fn hexDigit(byte: u8) ?u8 {
    return switch (byte) {
        '0'...'9' => byte - '0',
        'a'...'f' => byte - 'a' + 10,
        'A'...'F' => byte - 'A' + 10,
        else => null,
    };
}

fn parseValues(list: []const u8) Problem![]const f64 {
    var rest = list;
    var count: usize = 0;
    while (rest.len > 0) : (count += 1) {
        if (count == max_values) return error.Values;
        const last = rest[rest.len - 1] == ',';
        numbers[count] = parseNumber(cut(&rest, ',')) orelse return error.Values;
        if (rest.len == 0 and last) return error.Values; // the list ends in a comma
    }
    return if (count < 2) error.Values else numbers[0..count];
}

/// A decimal number without exponent. Up to 15 digits are exact as an integer in a double, so
/// one division rounds it as well as can be.
fn parseNumber(number: []const u8) ?f64 {
    var rest = number;
    while (rest.len > 0 and rest[0] == ' ') rest = rest[1..];
    const negative = rest.len > 0 and rest[0] == '-';
    if (negative) rest = rest[1..];

    var digits: usize = 0;
    var mantissa: f64 = 0;
    var scale: f64 = 1;
    var fraction = false;
    for (rest) |byte| switch (byte) {
        '0'...'9' => {
            digits += 1;
            mantissa = mantissa * 10 + @as(f64, @floatFromInt(byte - '0'));
            if (fraction) scale *= 10;
        },
        '.' => {
            if (fraction) return null;
            fraction = true;
        },
        else => return null,
    };
    if (digits == 0 or digits > 15) return null;
    return if (negative) -mantissa / scale else mantissa / scale;
}

fn parseSide(number: []const u8, max: u16) ?u16 {
    if (number.len == 0 or number.len > 4) return null;
    var side: u16 = 0;
    for (number) |byte| {
        if (byte < '0' or byte > '9') return null;
        side = side * 10 + (byte - '0');
    }
    return if (side < min_side or side > max) null else side;
}

fn parseColor(text: []const u8) ?[3]u8 {
    const digits = if (text.len > 0 and text[0] == '#') text[1..] else text;
    if (digits.len != 3 and digits.len != 6) return null;
    const step = digits.len / 3;
    var color: [3]u8 = undefined;
    for (&color, 0..) |*channel, i| {
        const high = hexDigit(digits[i * step]) orelse return null;
        const low = hexDigit(digits[i * step + step - 1]) orelse return null;
        channel.* = high * 16 + low;
    }
    return color;
}

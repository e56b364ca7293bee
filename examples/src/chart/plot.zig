//! The picture: a line through the values, two pixels wide and smooth, over a tinted area.
//!
//! Pixels are computed row by row from their distance to the line, so there is no picture in
//! memory: only three numbers a column.

const query = @import("query.zig");

/// How opaque a pixel is, from 0 (not at all) to 15.
pub const Level = u4;

const opaque_level: f32 = 15;
const area_level: f32 = 3;
const half_stroke: f32 = 1;
/// A pixel whose centre is further than this from the line has nothing of it.
const reach: f32 = half_stroke + 0.5;
/// Keeps the stroke inside the picture.
const margin: f32 = 2;

const Column = struct {
    /// height of the line at the pixel's centre
    line: f32,
    /// the line's extent in the pixels it can touch from here
    top: f32,
    bottom: f32,
};

pub const Plot = struct {
    columns: []const Column,
    heights: []const f32,
    spacing: f32,

    /// Shade row `y`, one level a pixel.
    pub fn shade(self: Plot, y: usize, levels: []Level) void {
        const center = @as(f32, @floatFromInt(y)) + 0.5;
        for (self.columns, levels[0..self.columns.len], 0..) |column, *level, x| {
            var darkness = area_level * clamp(center + 0.5 - column.line, 0, 1);
            if (center > column.top - reach and center < column.bottom + reach) {
                const distance = self.distanceTo(@as(f32, @floatFromInt(x)) + 0.5, center);
                darkness = @max(darkness, opaque_level * clamp(reach - distance, 0, 1));
            }
            level.* = @intFromFloat(darkness + 0.5);
        }
    }

    /// Distance of a point from the part of the line that is within reach of its column.
    fn distanceTo(self: Plot, x: f32, y: f32) f32 {
        const last = self.segment(x + reach);
        var nearest: f32 = reach * reach;
        var i = self.segment(x - reach);
        while (i <= last) : (i += 1) {
            const rise = self.heights[i + 1] - self.heights[i];
            const dx = x - self.position(i);
            const dy = y - self.heights[i];
            const along = clamp((dx * self.spacing + dy * rise) / (self.spacing * self.spacing + rise * rise), 0, 1);
            const ex = dx - along * self.spacing;
            const ey = dy - along * rise;
            nearest = @min(nearest, ex * ex + ey * ey);
        }
        return @sqrt(nearest);
    }

    fn position(self: Plot, i: usize) f32 {
        return margin + self.spacing * @as(f32, @floatFromInt(i));
    }

    /// The segment at `x`; beyond the line's ends, the first or the last.
    fn segment(self: Plot, x: f32) usize {
        const highest: f32 = @floatFromInt(self.heights.len - 2);
        return @intFromFloat(clamp((x - margin) / self.spacing, 0, highest));
    }

    /// Height of the line at `x`; beyond its ends it goes on level.
    fn lineAt(self: Plot, x: f32) f32 {
        const i = self.segment(x);
        const along = clamp((x - self.position(i)) / self.spacing, 0, 1);
        return self.heights[i] + along * (self.heights[i + 1] - self.heights[i]);
    }

    fn columnAt(self: Plot, x: f32) Column {
        const left = self.lineAt(x - reach);
        const right = self.lineAt(x + reach);
        var top = @min(left, right);
        var bottom = @max(left, right);
        // Between the two, the line turns only at its corners.
        for (self.heights[self.segment(x - reach) + 1 .. self.segment(x + reach) + 1]) |height| {
            top = @min(top, height);
            bottom = @max(bottom, height);
        }
        return .{ .line = self.lineAt(x), .top = top, .bottom = bottom };
    }
};

var column_storage: [query.max_width]Column = undefined;
var height_storage: [query.max_values]f32 = undefined;

/// Lay the values out: the lowest at the bottom margin, the highest at the top one; level ones
/// in the middle. The plot stays valid until the next call.
pub fn layOut(request: query.Request) Plot {
    var low = request.values[0];
    var high = low;
    for (request.values) |value| {
        low = @min(low, value);
        high = @max(high, value);
    }
    const room = @as(f64, @floatFromInt(request.height)) - 2 * margin;
    for (request.values, 0..) |value, i| {
        const share = if (high > low) (high - value) / (high - low) else 0.5;
        height_storage[i] = @floatCast(margin + room * share);
    }

    const width: f32 = @floatFromInt(request.width);
    const segments: f32 = @floatFromInt(request.values.len - 1);
    const plot: Plot = .{
        .columns = column_storage[0..request.width],
        .heights = height_storage[0..request.values.len],
        .spacing = (width - 2 * margin) / segments,
    };
    for (column_storage[0..request.width], 0..) |*column, x| {
        column.* = plot.columnAt(@as(f32, @floatFromInt(x)) + 0.5);
    }
    return plot;
}

fn clamp(x: f32, low: f32, high: f32) f32 {
    return @max(low, @min(high, x));
}

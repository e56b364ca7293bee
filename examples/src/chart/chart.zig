//! Draws a small line chart as a PNG: `/chart?values=3,1,4,1,5&width=300&height=80&color=0a7`.
//!
//! A pure function of its query string in two pages of memory, made to be used as an image's
//! address in a page, a mail or a README.

const cgi = @import("cgi.zig");
const plot = @import("plot.zig");
const png = @import("png.zig");
const query = @import("query.zig");

var levels: [query.max_width]plot.Level = undefined;

pub export fn _start() void {
    const variables = cgi.environment() catch
        return refuse("431 Request Header Fields Too Large", "the header fields exceed 24 KiB");
    const request = query.parse(cgi.variable(variables, "QUERY_STRING")) catch |problem|
        return refuse("400 Bad Request", query.explain(problem));

    cgi.write("Content-Type: image/png\nCache-Control: public, max-age=86400\n\n");
    const picture = plot.layOut(request);
    png.begin(request.width, request.height, request.color);
    for (0..request.height) |y| {
        picture.shade(y, &levels);
        png.row(levels[0..request.width]);
    }
    png.end();
}

fn refuse(comptime status: []const u8, reason: []const u8) void {
    cgi.write("Status: " ++ status ++ "\nContent-Type: text/plain\n\nchart: ");
    cgi.write(reason);
    cgi.write("\n");
}

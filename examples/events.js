// Server-sent events: counts down from ?from=, one event each ?every= milliseconds.

const text = new TextEncoder();
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function* countdown(from, every) {
  for (let left = from; left > 0; left -= 1) {
    yield text.encode(`id: ${from - left}\nevent: left\ndata: ${left}\n\n`);
    await pause(every);
  }
  yield text.encode("event: done\ndata: 0\n\n");
}

export default {
  fetch({ url }) {
    const { searchParams } = new URL(url);
    const from = Math.min(Number(searchParams.get("from") ?? 5), 50);
    const every = Math.min(Number(searchParams.get("every") ?? 1000), 1000);
    if (!(from >= 0 && every >= 0)) return new Response("from and every are numbers\n", { status: 400 });
    return new Response(ReadableStream.from(countdown(from, every)), {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  },
};

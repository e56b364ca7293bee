// node's own http server, for orientation: one process, no sandbox.
import { createServer } from "node:http";

const [host, port] = process.env.BENCH_BIND.split(":");
createServer((request, response) => {
  response.setHeader("Content-Type", "text/plain");
  response.end("Hello from WebAssembly.\n");
}).listen(Number(port), host);

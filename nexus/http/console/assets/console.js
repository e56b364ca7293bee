// What the console's pages do while they are open: figures, sparklines, and the log as it comes.

const POLL_MS = 2000;
const POINTS = 90;
const MOST_LINES = 500;

const milliseconds = (seconds) => (seconds === null ? "–" : `${(seconds * 1000).toFixed(1)} ms`);
const SHOWN = {
  rate: (value) => value.toFixed(1),
  error_rate: (value) => value.toFixed(1),
  p50_s: milliseconds,
  p99_s: milliseconds,
  cpu_cores: (value) => `${Math.round(value * 1000)}m`,
  cpu_run_s: milliseconds,
  memory_bytes: (value) => `${(value / 1048576).toFixed(1)} MiB`,
};

const histories = new Map();

function draw(svg, values) {
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => `${(at * 120) / (POINTS - 1)},${23 - (value * 22) / most}`);
  let line = svg.querySelector("polyline");
  if (!line) {
    line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    svg.append(line);
  }
  line.setAttribute("points", points.join(" "));
}

function showHandler(element, given) {
  const figures = { ...given, cpu_run_s: given.rate > 0 ? given.cpu_cores / given.rate : null };
  for (const cell of element.querySelectorAll("[data-figure]")) {
    const name = cell.dataset.figure;
    cell.textContent = SHOWN[name](figures[name]);
  }
  for (const bar of element.querySelectorAll("[data-of]")) bar.value = figures[bar.dataset.of] ?? 0;
  const name = element.dataset.handler;
  const history = [...(histories.get(name) ?? []), figures.rate].slice(-POINTS);
  histories.set(name, history);
  const svg = element.querySelector("svg.spark");
  if (svg) draw(svg, history);
}

function meter(value, most, label) {
  const cell = document.createElement("td");
  const bar = document.createElement("meter");
  bar.max = Math.max(1, most);
  bar.value = value;
  bar.setAttribute("aria-label", label);
  cell.append(bar, ` ${value}`);
  return cell;
}

function number(value) {
  const cell = document.createElement("td");
  cell.className = "number";
  cell.textContent = value;
  return cell;
}

function showPools(body, found) {
  const rows = Object.entries(found.pools).map(([worker, pool]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = worker;
    row.append(
      head,
      meter(pool.active, found.max_instances, `active instances of worker ${worker}`),
      number(pool.available),
      number(pool.suspended),
      meter(pool.waiting, found.max_queue, `requests waiting in worker ${worker}`),
    );
    return row;
  });
  body.replaceChildren(...rows);
}

function showHistogram(table, buckets) {
  const most = Math.max(1, ...buckets.map(([, count]) => count));
  const rows = buckets.map(([bound, count], at) => {
    const row = document.createElement("tr");
    const longest = at > 0 ? `over ${milliseconds(buckets[at - 1][0])}` : "any";
    const text = bound === null ? longest : milliseconds(bound);
    row.append(number(text), number(count), meter(count, most, `runs up to ${text}`));
    row.lastElementChild.lastChild.remove(); // the number has a cell of its own
    return row;
  });
  if (rows.length) table.querySelector("tbody").replaceChildren(...rows);
}

async function poll() {
  if (document.hidden) return;
  const histogram = document.querySelector("[data-histogram]");
  const answer = await fetch(histogram?.dataset.histogram ?? "/_nexus/figures", { headers: { Accept: "application/json" } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) return;
  const found = await answer.json();
  for (const element of document.querySelectorAll("[data-handler]")) {
    const figures = found.handlers[element.dataset.handler];
    if (figures) showHandler(element, figures);
  }
  if (histogram) showHistogram(histogram, found.histogram);
  const pools = document.querySelector("[data-pools] tbody");
  if (pools) showPools(pools, found);
}

function follow(log) {
  const stream = new EventSource(log.dataset.logs);
  // A page that was just left may still hold its stream's place: the answer is then 503, after which
  // a browser does not try again.
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(() => (log.replaceChildren(), follow(log)), POLL_MS);
  };
  addEventListener("pagehide", () => stream.close(), { once: true });
  stream.onmessage = (event) => {
    const record = JSON.parse(event.data);
    const took = record.duration_ms === undefined ? "" : ` ${record.duration_ms.toFixed(1)} ms`;
    const line = document.createElement("span");
    line.className = { error: "bad", critical: "bad", warning: "warn" }[record.level] ?? "";
    line.textContent = `${record.ts.slice(11, 19)} ${record.message}${took}\n`;
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.append(line);
    while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  };
}

// A link that `nexus dev` prints has the token behind the #, which no server and no log sees.
function enterByLink() {
  const login = document.querySelector("[data-login]");
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!login || !token) return;
  history.replaceState(null, "", location.pathname);
  login.elements.token.value = token;
  login.submit();
}

enterByLink();
addEventListener("hashchange", enterByLink);
if (document.querySelector("[data-figures], [data-pools]")) {
  const again = () => poll().catch(() => {}).finally(() => setTimeout(again, POLL_MS));
  again();
}
for (const log of document.querySelectorAll("[data-logs]")) follow(log);

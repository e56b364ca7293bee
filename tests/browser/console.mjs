// Drives the console of a real server in Debian's Chromium: log in by the link of `nexus dev`, watch
// figures and logs, answer a suspended execution; axe-core looks at each page, in dark and light,
// wide and at 360 pixels. Screenshots go to docs/ with --screenshots.
//
//   node tests/browser/console.mjs NEXUS [--screenshots]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const DOCS = join(HERE, "../../docs");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TOKEN = "token-of-the-browser-test";
const PICTURED = { handlers: 800, handler: 800, versions: 440, suspensions: 800, playground: 800 };
const [nexus, ...options] = process.argv.slice(2);
const screenshots = options.includes("--screenshots");

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

async function until(holds, what) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it did not come true: ${what}`);
}

const state = mkdtempSync(join(tmpdir(), "nexus-console-"));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const server = spawn(nexus, ["dev", "--handlers", join(HERE, "handlers"), "--bind", `127.0.0.1:${port}`], {
  env: { ...process.env, NEXUS_ADMIN_TOKEN: TOKEN, NEXUS_STATE_DIR: state },
});
let output = "";
for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (output += text));

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  await until(async () => (await fetch(`${url}/readyz`).catch(() => ({}))).ok, "the server is ready");
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (said) => {
    // A worker has few places for streams, and a page that was left holds its own for a moment; the
    // next page tries again.
    const busy = said.text().includes("503") && said.location().url.includes("/_nexus/logs");
    if (said.type() === "error" && !busy) faults.push(said.text());
  });

  async function examine(name) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1100, 360]) {
        await page.setViewportSize({ width, height: 800 });
        const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
        assert.ok(fits, `${name} is wider than ${width} pixels`);
        await page.evaluate(AXE).catch(() => {});
        const found = await page.evaluate(() => globalThis.axe.run(document));
        const wrong = found.violations.map((rule) => `${rule.id}: ${rule.nodes[0].html}`);
        assert.deepEqual(wrong, [], `${name}, ${colorScheme}, ${width} pixels`);
      }
    }
    await page.setViewportSize({ width: 1100, height: 800 });
    if (screenshots && PICTURED[name]) {
      const clip = { x: 0, y: 0, width: 1100, height: PICTURED[name] };
      await page.screenshot({ path: join(DOCS, `console-${name}.png`), clip });
    }
    await page.emulateMedia({ colorScheme: "light" });
  }

  // The page at / of a fresh server.
  await page.goto(url);
  assert.match(await page.textContent("main"), /curl -s http/);
  await examine("welcome");

  // Logging in: not by a wrong token, but by the link that `nexus dev` prints.
  await page.goto(`${url}/_nexus/`);
  await page.fill("#token", "wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  await examine("login");
  faults.length = 0; // the browser reports the 401
  const link = output.match(/console: (\S+)/)[1];
  await page.goto(link);
  await page.waitForURL(`${url}/_nexus/`);

  // The handlers, with figures that live.
  const busy = setInterval(() => fetch(`${url}/hello`).catch(() => {}), 50);
  const cell = page.locator('[data-handler="hello"] [data-figure="rate"]');
  await until(async () => parseFloat(await cell.textContent()) > 1, "the rate is shown");
  await until(
    async () => (await page.getAttribute('[data-handler="hello"] polyline', "points"))?.includes(" "),
    "the sparkline is drawn",
  );
  assert.ok((await page.locator("[data-pools] tbody tr").count()) >= 1);
  await examine("handlers");

  // One handler by keyboard: its errors, its source, its log as it comes.
  await fetch(`${url}/hello/bad`);
  await page.focus('[data-handler="hello"] a');
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/_nexus/handlers/hello`);
  assert.match(await page.textContent("details"), /EXECUTION_ERROR[^]*on purpose[^]*hello\.js:2/);
  assert.match(await page.textContent("main"), /greeting somebody/);
  await until(
    async () => /GET \/hello 200/.test(await page.textContent("[data-logs]")),
    "the log has a request",
  );
  await examine("handler");
  clearInterval(busy);

  // A suspended execution is answered.
  const started = await fetch(`${url}/v1/handlers/approval/executions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ context: { args: { amount: 270 } } }),
  });
  assert.equal((await started.json()).status, "suspended");
  await page.click("text=Suspended");
  await examine("suspensions");
  await page.fill("textarea", '{"approved": true}');
  await page.click("text=Answer >> nth=-2");
  assert.match(await page.textContent("[role=status]"), /"approved": true/);

  // A program is written, run and saved in the playground, by keyboard.
  await page.click("text=Playground");
  const editor = page.getByRole("textbox", { name: "Program" });
  await page.waitForSelector(".editor"); // the plain field was there before it
  await page.selectOption("#language", "python");
  await until(async () => /def fetch/.test(await editor.textContent()), "Python's example is there");
  await editor.focus();
  // Typing over a selection makes Chromium's own editing write an inline style, which the policy
  // blocks without harm, but not without a message.
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type('def fetch(request):\nprint("by hand")\nreturn "written " + request.query["name"]');
  await page.keyboard.press("Control+Enter");
  const result = page.locator("[data-result]");
  await until(async () => /written Ada/.test(await result.textContent()), "the program runs");
  assert.match(await result.textContent(), /HTTP\/1.1 200[^]*CPU of[^]*info by hand/);
  await examine("playground");
  await page.fill("#name", "written");
  await page.click("text=Save and serve");
  await until(async () => /v1 of written serves/.test(await result.textContent()), "it is saved");
  assert.equal(await (await fetch(`${url}/written?name=you`)).text(), "written you");

  // A second version gets half of the requests; both are in the figures; back to the first.
  await editor.focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type('def fetch(request):\nreturn "anew " + request.query["name"]');
  await page.fill("#weight", "50");
  await page.fill("#note", "half of the requests");
  await page.click("text=Save and serve");
  await until(async () => /v2 of written serves/.test(await result.textContent()), "v2 is saved");
  const canary = setInterval(() => fetch(`${url}/written?name=you`).catch(() => {}), 50);
  await page.goto(`${url}/_nexus/handlers/written#versions`);
  for (const id of ["v1", "v2"]) {
    const rate = page.locator(`[data-handler="written@${id}"] [data-figure="rate"]`);
    await until(async () => parseFloat(await rate.textContent()) > 1, `${id} is in the figures`);
  }
  assert.ok((await page.locator("[data-histogram] tbody tr").count()) > 10);
  await examine("versions");
  clearInterval(canary);
  await page.click("text=Roll back to v1");
  await page.waitForURL(`${url}/_nexus/handlers/written#versions`);
  assert.match(await page.textContent('[data-handler="written@v1"]'), /serves/);
  for (let at = 0; at < 10; at++) {
    assert.equal(await (await fetch(`${url}/written?name=you`)).text(), "written you");
  }

  // An error of a form.
  await page.goto(`${url}/_nexus/playground`);
  await page.waitForSelector(".editor");
  await page.fill("#path", "nowhere");
  await page.focus("#path");
  await page.keyboard.press("Control+Enter");
  await until(async () => /begin it with/.test(await result.textContent()), "a problem is shown");

  assert.deepEqual(faults, []);
  console.log("the console works");
} catch (error) {
  console.error(output);
  throw error;
} finally {
  await browser.close();
  server.once("exit", () => rmSync(state, { recursive: true }));
  server.kill("SIGINT");
}

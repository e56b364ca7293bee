// Joins host and prelude: functions for the host to call, and `host`, functions for the prelude.
//
// Evaluated once, before the snapshot. `read` and `write` are QuickJS's own functions on file
// descriptors, made for this closure alone: handler code has no way to them. They take
// (descriptor, ArrayBuffer, offset, length) and return a count, or an error number below zero.
(function (read, write) {
  "use strict";
  // Handlers may replace what they find on globals; what runs for every request must not notice.
  const { stringify } = JSON;
  const { apply } = Reflect;
  const { then } = Promise.prototype;
  const resolved = Promise.resolve();
  const { now } = Date;
  const { charCodeAt, indexOf, slice, startsWith } = String.prototype;
  const BaseError = Error, Bytes = Uint8Array, Text = String;
  const evaluate = eval;

  const RANDOM = 16, BODY = 17, SLEEP = 18, CALL = 19, FETCH = 20, FETCHED = 21;
  const CRYPTO = 22, PART = 23, ZLIB = 28, TEXT = 29, ASSETS = 30, INTL = 31;
  const LOG = { __proto__: null, debug: 24, info: 25, warn: 26, error: 27 };
  const DIGEST = { __proto__: null, "SHA-1": 32, "SHA-256": 33, "SHA-384": 34, "SHA-512": 35, MD5: 36 };
  const HMAC = { __proto__: null, "SHA-1": 40, "SHA-256": 41, "SHA-384": 42, "SHA-512": 43, MD5: 44 };
  const SIZE = { __proto__: null, "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64, MD5: 16 };

  const ANSWER_HEAD = 5;
  const answerBuffer = new Bytes(2048).buffer, answerHead = new Bytes(answerBuffer);

  // Random bytes come from the host in blocks; the snapshot has none.
  const RANDOM_BLOCK = 1024, MOST_FROM_BLOCK = 64;
  let random, randomLeft = 0;

  const EARLY = "+", STREAM = "++"; // marks of a response after which the handler goes on
  const LONG_TEXT = 65536;
  let longText; // a response's body for which the host asks next

  // Where the modules in nexus/guest/js/node/ find, while a handler loads, what they need of the host.
  const INTERNAL = Symbol.for("nexus.internal");
  let loading = true;

  function send(descriptor, bytes) {
    const sent = write(descriptor, bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (sent !== bytes.byteLength) throw new BaseError("the host refused a call");
  }

  function receive(descriptor, count) {
    const bytes = new Bytes(count);
    for (let start = 0; start < count;) {
      const got = read(descriptor, bytes.buffer, start, count - start);
      if (got <= 0) throw new BaseError("the host refused a call");
      start += got;
    }
    return bytes;
  }

  // Gives the answer to a message. The bytes of a short answer are good until the next call.
  function ask(descriptor, message) {
    send(descriptor, message);
    const got = read(descriptor, answerBuffer, 0, answerBuffer.byteLength);
    if (got < ANSWER_HEAD) throw new BaseError("the host refused a call");
    const head = answerHead;
    const size = (head[1] | head[2] << 8 | head[3] << 16 | head[4] << 24) >>> 0;
    const whole = got === ANSWER_HEAD + size;
    return {
      status: head[0] << 24 >> 24,
      bytes: whole ? new Bytes(answerBuffer, ANSWER_HEAD, size) : receive(descriptor, size),
    };
  }

  function utf8(text) {
    const length = text.length;
    const bytes = new Bytes(3 * length);
    let end = 0;
    for (let i = 0; i < length; i++) {
      let c = apply(charCodeAt, text, [i]);
      if (c < 0x80) { bytes[end++] = c; continue; }
      if (c >= 0xd800 && c < 0xe000) {
        const next = c < 0xdc00 && i + 1 < length ? apply(charCodeAt, text, [i + 1]) : 0;
        if (next >= 0xdc00 && next < 0xe000) {
          c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
          i++;
        } else c = 0xfffd;
      }
      if (c < 0x800) bytes[end++] = 0xc0 | c >> 6;
      else {
        if (c < 0x10000) bytes[end++] = 0xe0 | c >> 12;
        else { bytes[end++] = 0xf0 | c >> 18; bytes[end++] = 0x80 | c >> 12 & 0x3f; }
        bytes[end++] = 0x80 | c >> 6 & 0x3f;
      }
      bytes[end++] = 0x80 | c & 0x3f;
    }
    return new Bytes(bytes.buffer, 0, end);
  }

  const host = {
    __proto__: null,
    random(count) {
      if (loading) {
        throw new BaseError(
          "crypto needs a request: one snapshot serves all requests, so a random value drawn " +
          "while the handler loads would be the same in each of them",
        );
      }
      if (count > MOST_FROM_BLOCK) return receive(RANDOM, count);
      if (randomLeft < count) {
        random = receive(RANDOM, RANDOM_BLOCK);
        randomLeft = RANDOM_BLOCK;
      }
      const bytes = new Bytes(count);
      for (let i = 0; i < count; i++) {
        randomLeft--;
        bytes[i] = random[randomLeft];
        random[randomLeft] = 0; // no value is given twice, nor kept
      }
      return bytes;
    },
    // A seed for Math.random, which needs no secret and is seeded anew for each request.
    seed() {
      return loading ? receive(RANDOM, 16) : host.random(16);
    },
    digest(name, bytes) {
      send(DIGEST[name], bytes);
      return receive(DIGEST[name], SIZE[name]);
    },
    hmac(name, key, bytes) {
      send(HMAC[name], key);
      send(HMAC[name], bytes);
      return receive(HMAC[name], SIZE[name]);
    },
    // A message to the host's services; see nexus/guest/host/messages.py.
    call(message) {
      if (loading) throw new BaseError("the host can be asked in a request, not while loading");
      return ask(CALL, message);
    },
    // Starts an outbound request; the message is a line of JSON and the body. The answer is like
    // that of `call`, with the request's number; the outcome comes to `fetched`.
    fetch(message) {
      if (loading) throw new BaseError("fetch works in a request, not while loading");
      return ask(FETCH, message);
    },
    // See nexus/guest/js/webcrypto/service.py.
    crypto(message) {
      return ask(CRYPTO, message);
    },
    // See nexus/guest/js/compression.py.
    zlib(message) {
      return ask(ZLIB, message);
    },
    // See nexus/guest/js/legacy_text.py.
    decode(message) {
      return ask(TEXT, message);
    },
    // See nexus/guest/host/assets.py; only in requests, of a handler that has files.
    assets(message) {
      return ask(ASSETS, message);
    },
    // See nexus/guest/js/intl/service.py.
    intl(message) {
      return ask(INTL, message);
    },
    isLoading() {
      return loading;
    },
    // A part of the web API that the prelude lacks, as a function; `decode` reads UTF-8.
    part(name, decode) {
      return (0, evaluate)(decode(ask(PART, utf8(name)).bytes));
    },
    log(level, text) {
      send(LOG[level] ?? LOG.info, utf8(Text(text)));
    },
    sleep(ms) {
      send(SLEEP, utf8(Text(ms)));
    },
    now() {
      return now();
    },
    // A part of a streamed response's body.
    bodyPart(bytes) {
      send(BODY, bytes);
    },
  };

  // The calls of a stack, without the error's name and message before them.
  function framesOf(stack) {
    const start = apply(indexOf, stack, ["\n    at "]);
    return start < 0 || apply(startsWith, stack, ["    at "]) ? stack : apply(slice, stack, [start + 1]);
  }

  // Describes a thrown value in strings, whatever its getters do.
  function described(error) {
    const found = { name: "", message: "", stack: "", causes: "" };
    try {
      if (error instanceof BaseError || (typeof error === "object" && error && "stack" in error)) {
        found.name = Text(error.name);
        found.message = Text(error.message);
        const { stack } = error; // null, if memory had no room for it
        found.stack = framesOf(Text(stack ?? ""));
        found.causes = api.inspectCauses(error);
      } else found.message = typeof error === "string" ? error : api.inspect(error);
    } catch {
      found.message ||= "a value that cannot be shown";
    }
    return found;
  }

  // A call site would hand out the functions of this file and of the prelude.
  function closeCallSites() {
    const usual = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, sites) => sites;
    const [site] = new BaseError().stack;
    Error.prepareStackTrace = usual;
    delete Object.getPrototypeOf(site).getFunction;
  }

  const unspeakable = {
    error: { name: "InternalError", message: "out of memory", stack: "", causes: "" },
  };
  let api, handler, outcome, adopted = false;

  function succeed(value) {
    outcome = unspeakable; // stays, if what follows finds no memory
    outcome = { value };
  }
  function fail(error) {
    outcome = unspeakable;
    outcome = { error: described(error) };
  }
  function follow(promise) {
    apply(then, promise, [succeed, fail]);
  }
  // A response for the host: its head, whose lines end with line feeds, and an empty line. A body of
  // bytes was written to the host; a text follows. Of a long text there is only a carriage return in
  // place of the empty line, and `text` returns it.
  function joined({ head, body }) {
    if (typeof body === "string") {
      if (body.length < LONG_TEXT) return head + "\n" + body;
      longText = body; // joined, it would need its length in memory once more
      return head + "\r";
    }
    if (body.byteLength) send(BODY, body);
    return head + "\n";
  }
  function unsettled() {
    const wait = api.nextTimer();
    return wait < 0 ? '{"pending":true}' : stringify({ wait });
  }

  return {
    // Called before the snapshot.
    install(makePrelude) {
      closeCallSites();
      api = makePrelude(host);
      const { inspect, formatLog: format, requestEnv: env } = api;
      const { digest, hmac, crypto } = host;
      const internal = { digest, hmac, crypto, inspect, format, env };
      Object.defineProperty(globalThis, INTERNAL, { value: internal, configurable: true });
    },
    load(name) {
      api.part(name);
    },
    adopt(found) {
      handler = found;
      adopted = true;
      if (found === undefined) return api.answersEvents();
      const kind = typeof found === "function" ? "function" : typeof found?.fetch;
      if (kind === "function" || typeof found?.run === "function") return true;
      return typeof found?.scheduled === "function";
    },
    seal() {
      delete globalThis[INTERNAL];
      loading = false;
    },
    describe(error) {
      return stringify(described(error));
    },
    unsettled,

    tell(descriptor, text) {
      send(descriptor, utf8(text));
    },

    // Called for each request: with its method, its URL, its headers as JSON, then the rest of its
    // head as JSON, or "" if it is the usual one, the time in milliseconds, and the body's bytes or
    // pieces of its text. `outcome` is undefined until the response is here.
    respond(method, url, headers, more, now, ...sent) {
      outcome = undefined;
      try {
        return api.dispatch(handler, method, url, headers, more, now, sent);
      } catch (error) {
        fail(error);
      }
    },

    // The host calls this with what `respond` returned, or with that promise's value, once no job
    // waits. Returns the answer; or undefined, after which the host asks `result`.
    finish(value) {
      if (outcome !== undefined) return;
      let answer;
      try {
        answer = api.answerNow(value);
      } catch (error) {
        return fail(error);
      }
      if (answer !== undefined) return joined(answer);
      api.answerLater(value, succeed, fail);
    },

    // Called with what `respond` returned, if jobs wait that come first.
    finishLater(value) {
      if (outcome === undefined) api.answerLater(value, succeed, fail);
    },

    // If the handler is a script, the host runs it next and calls `follow` with its promise.
    evaluate(given) {
      outcome = undefined;
      if (adopted) follow(api.evaluate(handler, given));
      else api.begin(given);
    },
    follow(promise) {
      follow((async () => (await promise).value)());
    },

    // Returns the state of the task: JSON, or a response (see `joined`). After one that begins with
    // a mark the handler is not done: ask again.
    result() {
      if (outcome === undefined) return unsettled();
      if (outcome.error) return stringify(outcome);
      const { value } = outcome;
      const { rest, stream } = value;
      if (rest === undefined) return joined(value);
      outcome = undefined;
      apply(then, resolved, [() => follow(rest())]); // once the host has the answer
      return (stream ? STREAM : EARLY) + joined(value);
    },

    text() {
      const text = longText;
      longText = undefined;
      outcome = undefined; // it holds the text, too
      return text;
    },

    value() {
      if (outcome === undefined) return unsettled();
      if (outcome.error) return stringify(outcome);
      try {
        return stringify({ value: outcome.value === undefined ? null : outcome.value });
      } catch (error) {
        return stringify({ error: described(error) });
      }
    },

    wake() {
      api.runTimer();
    },

    // A promise was rejected, and nothing handles it after all jobs have run. Returns whether to
    // call this again while nothing handles it, and `swept` after each round of such calls.
    rejected(reason, promise) {
      if (api.isReported(promise)) return true;
      if (!api.isHandledRejection(promise, reason)) api.logRejection(described(reason));
      return api.remember(promise, reason);
    },

    swept() {
      api.reportHandled();
    },

    // An extension's answer that was to come later is here.
    answered({ number, ok, value }) {
      api.answer(number, ok, value);
    },

    // An outbound request has ended, or a part of a body is here: a line of JSON, and the body as
    // text; or else the host has so many bytes of it.
    fetched(text, bodySize) {
      api.fetched(text, bodySize ? receive(FETCHED, bodySize) : new Bytes(0));
    },
  };
})

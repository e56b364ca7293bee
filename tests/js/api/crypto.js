import { equal, ok, rejects, test, throws } from "/guest/check.js";

const { subtle } = crypto;
const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => new Uint8Array(buffer).toHex();
const importKey = (secret, usages = ["sign", "verify"], hash = "SHA-256", extractable = true) =>
  subtle.importKey("raw", bytes(secret), { name: "HMAC", hash }, extractable, usages);

test("digests of FIPS 180", async () => {
  const wanted = {
    "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "sha-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "SHA-384": "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed" +
      "8086072ba1e7cc2358baeca134c825a7",
    "SHA-512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  };
  for (const [name, digest] of Object.entries(wanted)) {
    equal(hex(await subtle.digest(name, bytes("abc"))), digest, name);
    equal(hex(await subtle.digest({ name }, bytes("abc").buffer)), digest, name);
  }
  await rejects(subtle.digest("MD5", bytes("")), "NotSupportedError", 'does not know "MD5"');
  await rejects(subtle.digest("SHA-1", "abc"), "TypeError", "ArrayBuffer");
});

test("HMAC as in RFC 4231, case 2", async () => {
  const key = await importKey("Jefe");
  const data = bytes("what do ya want for nothing?");
  const signature = await subtle.sign("HMAC", key, data);
  equal(hex(signature), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  equal(await subtle.verify("hmac", key, signature, data), true);
  new Uint8Array(signature)[31] ^= 1;
  equal(await subtle.verify("HMAC", key, signature, data), false);
  equal(await subtle.verify("HMAC", key, signature.slice(0, 31), data), false);
  equal(await subtle.verify("HMAC", key, new Uint8Array(0), data), false);
});

test("a GitHub webhook's signature is verified", async () => {
  const key = await importKey("It's a Secret to Everybody", ["verify"]);
  const given = Uint8Array.fromHex("757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
  ok(await subtle.verify("HMAC", key, given, bytes("Hello, World!")));
});

test("keys show what they are, and hide their bytes", async () => {
  const key = await importKey("secret", ["verify", "sign"]);
  equal([key.type, key.extractable, key.algorithm, key.usages],
    ["secret", true, { name: "HMAC", length: 48, hash: { name: "SHA-256" } }, ["sign", "verify"]]);
  equal(Object.keys(key), []);
  throws(() => new CryptoKey(), "TypeError", "cannot be constructed");
});

test("JSON Web Keys go in and out", async () => {
  const key = await importKey("secret", ["sign"], "SHA-512");
  const jwk = await subtle.exportKey("jwk", key);
  equal(jwk, { kty: "oct", k: "c2VjcmV0", alg: "HS512", key_ops: ["sign"], ext: true });
  const again = await subtle.importKey("jwk", jwk, { name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
  equal(hex(await subtle.exportKey("raw", again)), hex(bytes("secret")));
  const wrong = (changes, hash = "SHA-512") =>
    subtle.importKey("jwk", { ...jwk, ...changes }, { name: "HMAC", hash }, true, ["sign"]);
  await rejects(wrong({ kty: "RSA" }), "DataError", "kty");
  await rejects(wrong({}, "SHA-256"), "DataError", 'alg must be "HS256"');
  await rejects(wrong({ k: "*" }), "DataError", "base64url");
  await rejects(wrong({ ext: false }), "DataError", "ext is false");
  await rejects(wrong({ key_ops: ["verify"] }), "DataError", "key_ops");
});

test("generated keys have the block's length, or the one asked for", async () => {
  for (const [hash, bits] of [["SHA-1", 512], ["SHA-256", 512], ["SHA-384", 1024], ["SHA-512", 1024]]) {
    const key = await subtle.generateKey({ name: "HMAC", hash }, true, ["sign"]);
    equal([key.algorithm.length, (await subtle.exportKey("raw", key)).byteLength], [bits, bits / 8]);
  }
  const short = await subtle.generateKey({ name: "HMAC", hash: "SHA-1", length: 80 }, false, ["sign"]);
  equal(short.algorithm.length, 80);
  await rejects(subtle.exportKey("raw", short), "InvalidAccessError", "not extractable");
});

test("wrong keys, usages and formats are refused", async () => {
  await rejects(importKey("x", ["sign"]).then((key) => subtle.verify("HMAC", key, bytes(""), bytes(""))),
    "InvalidAccessError", "The key may not verify");
  await rejects(importKey("x", []), "SyntaxError", '"sign" or "verify"');
  await rejects(importKey("x", ["encrypt"]), "SyntaxError");
  await rejects(importKey("x", ["fly"]), "TypeError", '"fly"');
  await rejects(importKey(""), "DataError", "must not be empty");
  await rejects(subtle.importKey("spki", bytes("x"), { name: "HMAC", hash: "SHA-1" }, true, ["sign"]),
    "NotSupportedError", '"raw" or "jwk"');
  await rejects(subtle.importKey("raw", bytes("x"), "HMAC", true, ["sign"]), "TypeError", "needs a hash");
  await rejects(subtle.sign("HMAC", {}, bytes("")), "TypeError", "Expected a CryptoKey");
});

test("random values differ and fill the view alone", () => {
  const whole = new Uint8Array(12);
  const view = whole.subarray(4, 8);
  equal(crypto.getRandomValues(view) === view, true);
  equal([whole.slice(0, 4), whole.slice(8)], [new Uint8Array(4), new Uint8Array(4)]);
  ok(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
  equal(new Set(Array.from({ length: 100 }, () => crypto.randomUUID())).size, 100);
  throws(() => crypto.getRandomValues(new Float32Array(1)), "TypeMismatchError", "integers");
  throws(() => crypto.getRandomValues(new Uint8Array(65537)), "QuotaExceededError", "65536");
});

test("PBKDF2 as in RFC 6070 and HKDF as in RFC 5869", async () => {
  const derive = async (name, secret, parameters, size) => {
    const key = await subtle.importKey("raw", secret, name, false, ["deriveBits"]);
    return hex(await subtle.deriveBits({ name, ...parameters }, key, size * 8));
  };
  const pbkdf2 = (secret, salt, iterations, size) =>
    derive("PBKDF2", bytes(secret), { hash: "SHA-1", salt: bytes(salt), iterations }, size);
  equal(await pbkdf2("password", "salt", 1, 20), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  equal(await pbkdf2("password", "salt", 4096, 20), "4b007901b765489abead49d926f721d065a429c1");
  equal(await pbkdf2("pass\0word", "sa\0lt", 4096, 16), "56fa6aa75548099dcc37d7f03425e0c3");
  const hkdf = await derive("HKDF", Uint8Array.fromHex("0b".repeat(22)), {
    hash: "SHA-256", salt: Uint8Array.fromHex("000102030405060708090a0b0c"),
    info: Uint8Array.fromHex("f0f1f2f3f4f5f6f7f8f9"),
  }, 42);
  equal(hkdf, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
});

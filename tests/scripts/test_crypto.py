"""crypto.subtle in the product: keys on the host, hostile signatures, work that is bounded."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from nexus.errors import CpuLimit

from .support import LIMITS, Scripts

HEAD = """
const { subtle } = crypto;
const hex = (buffer) => new Uint8Array(buffer).toHex();
const bytes = (text) => new TextEncoder().encode(text);
const flipped = (buffer, at) => {
  const copy = new Uint8Array(buffer).slice();
  copy.at(at); copy[at < 0 ? copy.length + at : at] ^= 1;
  return copy;
};
const nameOf = (promise) => promise.then(() => "no error", (error) => error.name);
"""


def answer(scripts: Scripts, body: str, top: str = "", **fields: Any) -> Any:
    """Return what `body` returns, as JSON."""
    run = f"async () => {{ {body} }}"
    source = f"{HEAD}{top}\nexport default async () => Response.json(await ({run})());"
    return json.loads(scripts.fetch(scripts.handler(source, **fields)).body)


def test_a_raw_public_key_of_ed25519_can_be_imported(scripts: Scripts) -> None:
    body = """const key = await subtle.importKey("raw", new Uint8Array(32), "Ed25519", false,
      ["verify"]);
    return [key.type, key.extractable, key.usages, key.algorithm];"""
    assert answer(scripts, body) == ["public", False, ["verify"], {"name": "Ed25519"}]


def test_discords_way_to_verify_a_webhook_says_true(scripts: Scripts) -> None:
    # RFC 8032, section 7.1, test 3
    body = """
    const key = await subtle.importKey("raw", Uint8Array.fromHex(
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"), "Ed25519", false,
        ["verify"]);
    const signature = Uint8Array.fromHex(
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
    const message = Uint8Array.fromHex("af82");
    return [
      await subtle.verify("Ed25519", key, signature, message),
      await subtle.verify("Ed25519", key, signature, Uint8Array.fromHex("af83")),
      await subtle.verify("Ed25519", key, signature.slice(0, 63), message),
    ];"""
    assert answer(scripts, body) == [True, False, False]


def test_an_rsa_pair_is_generated_and_signs(scripts: Scripts) -> None:
    body = """
    const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
    const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const signature = await subtle.sign(algorithm, pair.privateKey, bytes("x"));
    return [signature.byteLength, await subtle.verify(algorithm, pair.publicKey, signature,
      bytes("x"))];"""
    assert answer(scripts, body) == [256, True]


def test_six_hundred_hmacs_fit_into_a_request(scripts: Scripts) -> None:
    body = """
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await subtle.importKey("raw", new Uint8Array(32), algorithm, false, ["sign"]);
    let last;
    for (let i = 0; i < 600; i++) last = await subtle.sign("HMAC", key, new Uint8Array(8));
    return hex(last);"""
    limits = replace(LIMITS, max_host_calls=10_000)
    found = answer(scripts, body, limits=limits)
    assert found == hmac.new(bytes(32), bytes(8), "sha256").hexdigest()


def test_equal_bytes_are_compared_in_constant_time(scripts: Scripts) -> None:
    body = """
    const equal = (a, b) => subtle.timingSafeEqual(new Uint8Array(a), new Uint8Array(b));
    let refused;
    try { equal([1], [1, 2]); } catch (error) { refused = error.name; }
    return [equal([1, 2], [1, 2]), equal([1, 2], [1, 3]), refused];"""
    assert answer(scripts, body) == [True, False, "TypeError"]


def test_a_key_imported_while_loading_serves_every_request(scripts: Scripts) -> None:
    top = """
    const hmac = await subtle.importKey("raw", bytes("Jefe"), { name: "HMAC", hash: "SHA-256" },
      false, ["sign"]);
    const p256 = await subtle.importKey("jwk", { kty: "EC", crv: "P-256",
      x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }, { name: "ECDSA", namedCurve: "P-256" },
      false, ["sign"]);"""
    body = """
    const signature = await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, p256, bytes("x"));
    return [hex(await subtle.sign("HMAC", hmac, bytes("what do ya want for nothing?"))).slice(0,
      16),
      signature.byteLength, await nameOf(subtle.exportKey("raw", hmac))];"""
    for _ in range(2):
        found = answer(scripts, body, top)
        assert found == ["5bdcc146bf60754e", 64, "InvalidAccessError"]


def test_no_key_is_generated_while_loading(scripts: Scripts) -> None:
    top = 'const why = await nameOf(subtle.generateKey("Ed25519", false, ["sign"]));'
    assert answer(scripts, "return why;", top) == "OperationError"


def test_a_name_that_no_source_mentions_loads_its_part(scripts: Scripts) -> None:
    source = """export default async () => {
      const found = crypto["sub" + "tle"];
      const Key = globalThis["Crypto" + "Key"];
      return Response.json([typeof found.digest, typeof Key, found === crypto["sub" + "tle"]]);
    }"""
    found = json.loads(scripts.fetch(scripts.handler(source)).body)
    assert found == ["function", "function", True]


FORGED = """
const algorithm = %s;
const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
const other = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
const data = bytes("transfer 10 to Alice");
const signature = new Uint8Array(await subtle.sign(algorithm, pair.privateKey, data));
const verify = (given, text = data, key = pair.publicKey) => subtle.verify(algorithm, key, given,
  text);
return Promise.all([
  verify(signature), verify(flipped(signature, 0)), verify(flipped(signature, -1)),
  verify(signature.slice(1)), verify(new Uint8Array([...signature, 0])), verify(new Uint8Array(0)),
  verify(new Uint8Array(signature.length)), verify(new Uint8Array(signature.length).fill(255)),
  verify(signature, bytes("transfer 99 to Alice")), verify(signature, data, other.publicKey),
]);"""


@pytest.mark.parametrize(
    "algorithm",
    [
        '{ name: "Ed25519" }',
        '{ name: "Ed448" }',
        '{ name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }',
        '{ name: "ECDSA", namedCurve: "P-384", hash: "SHA-512" }',
        '{ name: "ECDSA", namedCurve: "P-521", hash: "SHA-1" }',
        '{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-384", modulusLength: 1024, '
        "publicExponent: new Uint8Array([1, 0, 1]) }",
        '{ name: "RSA-PSS", hash: "SHA-256", modulusLength: 1024, saltLength: 32, '
        "publicExponent: new Uint8Array([1, 0, 1]) }",
    ],
)
def test_forged_signatures_are_false(scripts: Scripts, algorithm: str) -> None:
    assert answer(scripts, FORGED % algorithm) == [True, *[False] * 9]


def test_a_signature_in_der_is_not_one_of_web_crypto(scripts: Scripts) -> None:
    body = """
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const raw = new Uint8Array(await subtle.sign(algorithm, pair.privateKey, bytes("x")));
    const part = (half) => half[0] > 127 ? [2, 33, 0, ...half] : [2, 32, ...half];
    const inner = [...part(raw.slice(0, 32)), ...part(raw.slice(32))];
    const der = new Uint8Array([0x30, inner.length, ...inner]);
    return subtle.verify(algorithm, pair.publicKey, der, bytes("x"));"""
    assert answer(scripts, body) is False


def test_changed_cipher_texts_are_errors(scripts: Scripts) -> None:
    body = """
    const gcm = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: bytes("to Bob") };
    const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt",
      "decrypt"]);
    const sealed = new Uint8Array(await subtle.encrypt(gcm, key, bytes("secret")));
    const open = (given, more) => nameOf(subtle.decrypt({ ...gcm, ...more }, key, given));
    const rsa = { name: "RSA-OAEP", hash: "SHA-256", modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]), label: bytes("a") };
    const pair = await subtle.generateKey(rsa, false, ["encrypt", "decrypt"]);
    const boxed = await subtle.encrypt(rsa, pair.publicKey, bytes("secret"));
    const unbox = (given, more) => nameOf(subtle.decrypt({ ...rsa, ...more }, pair.privateKey,
      given));
    return Promise.all([
      open(sealed), open(flipped(sealed, 0)), open(flipped(sealed, -1)), open(sealed.slice(0, 8)),
      open(sealed, { additionalData: bytes("to Eve") }), open(sealed, { iv: new Uint8Array(13) }),
      open(sealed, { tagLength: 96 }), unbox(boxed), unbox(flipped(boxed, 40)),
      unbox(boxed, { label: bytes("b") }), unbox(boxed.slice(1)),
    ]);"""
    failed = "OperationError"
    wanted = ["no error", *[failed] * 6, "no error", *[failed] * 3]
    assert answer(scripts, body) == wanted


def test_a_point_of_low_order_shares_no_secret(scripts: Scripts) -> None:
    body = """
    const mine = await subtle.generateKey("X25519", false, ["deriveBits"]);
    const theirs = await subtle.importKey("raw", new Uint8Array(32), "X25519", false, []);
    return nameOf(subtle.deriveBits({ name: "X25519", public: theirs }, mine.privateKey, 256));"""
    assert answer(scripts, body) == "OperationError"


def test_a_derived_key_that_is_not_extractable_stays_on_the_host(scripts: Scripts) -> None:
    body = """
    const base = await subtle.importKey("raw", bytes("pass"), "PBKDF2", false, ["deriveKey"]);
    const key = await subtle.deriveKey(
      { name: "PBKDF2", hash: "SHA-256", salt: bytes("salt"), iterations: 1000 }, base,
      { name: "AES-GCM", length: 256 }, false, ["encrypt", "wrapKey"]);
    return [key.algorithm, await nameOf(subtle.exportKey("raw", key)),
      await nameOf(subtle.wrapKey("raw", key, key, { name: "AES-GCM",
        iv: new Uint8Array(12) }))];"""
    algorithm = {"name": "AES-GCM", "length": 256}
    assert answer(scripts, body) == [algorithm, "InvalidAccessError", "InvalidAccessError"]


@pytest.mark.parametrize("bits", [512, 8192])
def test_an_rsa_key_has_bounded_length(scripts: Scripts, bits: int) -> None:
    body = f"""
    return nameOf(subtle.generateKey({{ name: "RSA-PSS", hash: "SHA-1", modulusLength: {bits},
      publicExponent: new Uint8Array([1, 0, 1]) }}, false, ["sign"]));"""
    assert answer(scripts, body) == "OperationError"


LONG_WORK = {
    "PBKDF2 with 2000000000 iterations": """
    const key = await subtle.importKey("raw", bytes("p"), "PBKDF2", false, ["deriveBits"]);
    await subtle.deriveBits(
      { name: "PBKDF2", hash: "SHA-512", salt: bytes("s"), iterations: 2_000_000_000 }, key,
        512);""",
    "An RSA key of 4096 bits": """
    await subtle.generateKey({ name: "RSA-PSS", hash: "SHA-1", modulusLength: 4096,
      publicExponent: new Uint8Array([1, 0, 1]) }, false, ["sign"]);""",
}


@pytest.mark.parametrize("what", LONG_WORK)
def test_work_beyond_the_time_of_the_request_never_begins(scripts: Scripts, what: str) -> None:
    limits = replace(LIMITS, cpu_timeout_s=1.0)
    with pytest.raises(CpuLimit, match=f"{what} needs about .* s of CPU; left are"):
        answer(scripts, LONG_WORK[what], limits=limits)


def test_the_host_keeps_a_bounded_number_of_keys(scripts: Scripts) -> None:
    body = """
    const make = () => subtle.importKey("raw", new Uint8Array(1 << 20), "HKDF", false,
      ["deriveBits"]);
    const names = [];
    for (let i = 0; i < 9; i++) names.push(await nameOf(make()));
    return names;"""
    assert answer(scripts, body) == [*["no error"] * 8, "OperationError"]

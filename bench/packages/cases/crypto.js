//// jose@6.2.18
import { EncryptJWT, SignJWT, base64url, compactVerify, exportJWK, generateKeyPair, importPKCS8, jwtDecrypt, jwtVerify } from "jose";
export default async () => {
  const secret = new TextEncoder().encode("a secret of thirty-two characters");
  const jwt = await new SignJWT({ sub: "me" }).setProtectedHeader({ alg: "HS256" }).setIssuedAt(1e9).sign(secret);
  const pair = await generateKeyPair("ES256");
  const signed = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: "ES256" }).sign(pair.privateKey);
  const sealed = await new EncryptJWT({ b: 2 }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(secret.slice(0, 32));
  return [jwt, (await jwtVerify(signed, pair.publicKey)).payload, (await jwtDecrypt(sealed, secret.slice(0, 32))).payload, (await jwtVerify(jwt, new Uint8Array(33)).catch((error) => error.code))];
};

//// jsonwebtoken@9.0.3
import jwt from "jsonwebtoken";
export default () => {
  const token = jwt.sign({ sub: "me", iat: 1e9 }, "secret", { algorithm: "HS512", issuer: "x" });
  let wrong;
  try { jwt.verify(token, "other"); } catch (error) { wrong = [error.name, error.message]; }
  return [token, jwt.verify(token, "secret", { issuer: "x" }), jwt.decode(token, { complete: true }).header, wrong];
};

//// @noble/hashes@2.4.0
import { blake3 } from "@noble/hashes/blake3.js";
import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
export default () => [sha256(utf8ToBytes("abc")), hmac(sha512, utf8ToBytes("k"), utf8ToBytes("m")), blake3(utf8ToBytes("é")), keccak_256(utf8ToBytes("")), pbkdf2(sha256, "p", "s", { c: 32, dkLen: 16 })].map(bytesToHex);

//// @noble/curves@2.4.0
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex } from "@noble/hashes/utils.js";
export default () => {
  const key = new Uint8Array(32).fill(7), text = new Uint8Array([1, 2, 3]);
  const signature = secp256k1.sign(text, key);
  return [bytesToHex(ed25519.sign(text, key)), bytesToHex(secp256k1.getPublicKey(key)), secp256k1.verify(signature, text, secp256k1.getPublicKey(key))];
};

//// tweetnacl@1.0.3
import nacl from "tweetnacl";
export default () => {
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(1)), nonce = new Uint8Array(24), key = new Uint8Array(32).fill(2);
  const signature = nacl.sign.detached(new Uint8Array([1, 2]), pair.secretKey);
  return [Array.from(signature.slice(0, 8)), nacl.sign.detached.verify(new Uint8Array([1, 2]), signature, pair.publicKey), Array.from(nacl.secretbox(new Uint8Array([9]), nonce, key)), nacl.randomBytes(5).length];
};

//// bcryptjs@3.0.3
import bcrypt from "bcryptjs";
export default async () => [bcrypt.hashSync("bacon", "$2b$04$abcdefghijklmnopqrstuu"), await bcrypt.compare("bacon", "$2b$04$abcdefghijklmnopqrstuuqWHGvNf.B2k5LjnOuKUNvRpsNQxEKVK"), bcrypt.getRounds(await bcrypt.hash("x", 4))];

//// crypto-js@4.2.0
import CryptoJS from "crypto-js";
export default () => {
  const key = CryptoJS.enc.Hex.parse("000102030405060708090a0b0c0d0e0f"), iv = CryptoJS.enc.Hex.parse("101112131415161718191a1b1c1d1e1f");
  const sealed = CryptoJS.AES.encrypt("message ☃", key, { iv }).toString();
  return [CryptoJS.SHA256("abc").toString(), CryptoJS.HmacSHA1("m", "k").toString(CryptoJS.enc.Base64), sealed, CryptoJS.AES.decrypt(sealed, key, { iv }).toString(CryptoJS.enc.Utf8), CryptoJS.MD5("é").toString(), CryptoJS.AES.decrypt(CryptoJS.AES.encrypt("x", "pass").toString(), "pass").toString(CryptoJS.enc.Utf8)];
};

//// node-forge@1.4.3
import forge from "node-forge";
export default () => {
  const digest = forge.md.sha256.create().update("é", "utf8").digest().toHex();
  const cipher = forge.cipher.createCipher("AES-GCM", "k".repeat(16));
  cipher.start({ iv: "i".repeat(12) }); cipher.update(forge.util.createBuffer("hello")); cipher.finish();
  const derived = forge.util.bytesToHex(forge.pkcs5.pbkdf2("p", "s", 5, 16));
  return [digest, cipher.output.toHex(), cipher.mode.tag.toHex(), derived, forge.util.encode64("abc")];
};

//// @octokit/webhooks-methods@6.0.0
import { sign, verify } from "@octokit/webhooks-methods";
export default async () => { const signature = await sign("secret", '{"a":1}'); return [signature, await verify("secret", '{"a":1}', signature), await verify("other", '{"a":1}', signature)]; };

//// stripe@23.1.0
import Stripe from "stripe";
export default async () => {
  const stripe = new Stripe("sk_test_x"), payload = '{"id":"evt_1","object":"event"}';
  const header = await stripe.webhooks.generateTestHeaderStringAsync({ payload, secret: "whsec_x" });
  const event = await stripe.webhooks.constructEventAsync(payload, header, "whsec_x");
  return [event.id, await stripe.webhooks.constructEventAsync(payload, header, "whsec_y").catch((error) => error.type)];
};

//// safe-buffer@5.2.1
import { Buffer as Safe } from "safe-buffer";
export default () => [Safe.from("héllo").toString("base64"), Safe.alloc(3, "ab").toString("hex"), Safe.concat([Safe.from([1]), Safe.allocUnsafe(1).fill(2)]).readUInt16BE(0)];

//// buffer@6.0.3
import { Buffer as Own } from "buffer";
export default () => { const b = Own.from("héllo wörld"); b.writeInt32LE(-5, 1); return [b.toString("hex"), b.indexOf("w"), b.slice(2, 5).toJSON(), Own.compare(Own.from("a"), Own.from("b")), b.readDoubleBE(0)]; };

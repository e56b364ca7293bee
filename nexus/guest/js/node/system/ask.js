// node:crypto: how the host is asked, and bytes for it.

import { Buffer } from "node:buffer";
import { internal } from "node:nexus/internal";

export const toBytes = (content, encoding) => {
  if (typeof content === "string") return Buffer.from(content, encoding);
  if (ArrayBuffer.isView(content)) return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  const error = new TypeError(
    'The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView.',
  );
  error.code = "ERR_INVALID_ARG_TYPE";
  throw error;
};

// See nexus/guest/js/webcrypto/service.py.
export const askHost = (fields, pieces) => {
  const line = `${JSON.stringify({ ...fields, sizes: pieces.map((one) => one.length) })}\n`;
  const { status, bytes } = internal.crypto(Buffer.concat([Buffer.from(line), ...pieces]));
  const end = bytes.indexOf(0x0a);
  const answer = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString());
  if (status !== 0) throw Object.assign(new Error(answer.message), { code: "ERR_OSSL_EVP_UNSUPPORTED" });
  return { answer, bytes: Buffer.from(bytes.slice(end + 1)) };
};

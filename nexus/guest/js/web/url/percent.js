// Percent-encoding with the sets of the URL standard.

const encodeSet = (extra) => new Set([...extra].map((c) => c.charCodeAt(0)));

const C0_SET = encodeSet("");
const FRAGMENT_SET = encodeSet(' "<>`');
const QUERY_SET = encodeSet(' "#<>');
const SPECIAL_QUERY_SET = encodeSet(" \"#<>'");
const PATH_SET = encodeSet(' "#<>?^`{}');
const USERINFO_SET = encodeSet(' "#<>?^`{}/:;=@[\\]|');

const HEX_OF_BYTE = Array.from(
  { length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
);

// Letters, digits and the signs that no set names: text of these stays as it is.
const PLAIN = /^[\w.~!$*()+,-]*$/;

const percentEncode = (text, set) => {
  if (PLAIN.test(text)) {
    return text;
  }
  let encoded = "";
  for (const byte of utf8Encode(text)) {
    encoded += byte < 0x20 || byte > 0x7e || set.has(byte)
      ? HEX_OF_BYTE[byte]
      : String.fromCharCode(byte);
  }
  return encoded;
};

// Returns bytes; an invalid %XX stays as it is.
const percentDecode = (text) => {
  const bytes = utf8Encode(text);
  if (!text.includes("%")) {
    return bytes;
  }
  const latin1 = bytesToLatin1(bytes);
  return latin1ToBytes(
    latin1.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16))),
  );
};

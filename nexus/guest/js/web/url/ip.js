// IPv4 and IPv6 addresses in URLs. Parsers return undefined for an invalid address.

const parseIPv4Number = (text) => {
  if (text === "") return undefined;
  if (/^0x[0-9a-f]*$/i.test(text)) return parseInt(`0${text.slice(2)}`, 16);
  if (/^0./.test(text)) return /^[0-7]+$/.test(text) ? parseInt(text, 8) : undefined;
  return /^[0-9]+$/.test(text) ? parseInt(text, 10) : undefined;
};

// A host whose last label is a number is an IPv4 address, or wrong.
const endsInNumber = (host) => {
  const labels = host.split(".");
  if (labels.at(-1) === "" && labels.length > 1) labels.pop();
  const last = labels.at(-1);
  return /^[0-9]+$/.test(last) || /^0x[0-9a-f]*$/i.test(last);
};

const parseIPv4 = (host) => {
  const labels = host.split(".");
  if (labels.at(-1) === "" && labels.length > 1) labels.pop();
  const numbers = labels.map(parseIPv4Number);
  if (labels.length > 4 || numbers.includes(undefined)) return undefined;
  const last = numbers.pop();
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) {
    return undefined;
  }
  return numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last);
};

const formatIPv4 = (address) =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");

const parseIPv4InIPv6 = (text) => {
  const parts = text.split(".");
  const sound = parts.length === 4 &&
    parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
  if (!sound) return undefined;
  const [a, b, c, d] = parts.map(Number);
  return [a * 256 + b, c * 256 + d];
};

// Returns the 16-bit pieces of one side of "::"; the last two may be written as an IPv4 address.
const parsePieces = (text, isEnd) => {
  if (text === "") return [];
  const parts = text.split(":");
  const tail = isEnd && parts.at(-1).includes(".") ? parseIPv4InIPv6(parts.pop()) : [];
  if (!tail || !parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  return [...parts.map((part) => parseInt(part, 16)), ...tail];
};

const parseIPv6 = (text) => {
  const sides = text.split("::");
  if (sides.length > 2) return undefined;
  const [head, tail] = sides.map((side, i) => parsePieces(side, i === sides.length - 1));
  if (sides.length === 1) return head?.length === 8 ? head : undefined;
  if (!head || !tail || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
};

const longestZeros = (pieces) => {
  let best = { start: -1, length: 1 }; // a single zero is not shortened
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (pieces[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
};

const formatIPv6 = (pieces) => {
  const hex = (part) => part.map((piece) => piece.toString(16)).join(":");
  const { start, length } = longestZeros(pieces);
  if (start < 0) return hex(pieces);
  return `${hex(pieces.slice(0, start))}::${hex(pieces.slice(start + length))}`;
};

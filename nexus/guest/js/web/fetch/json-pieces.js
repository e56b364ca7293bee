// Parses an array of JSON whose text the host has cut (nexus/guest/json_pieces.py), and lets go of
// each piece as soon as its values exist.

// As many characters and lines as the parsed pieces had, less one: a SyntaxError names its place in the
// text. QuickJS counts no line break right behind another.
const blankOf = ({ length, lines, column }) => {
  const blanks = (count) => " ".repeat(Math.max(0, count));
  if (lines === 0) return blanks(length - 1);
  return blanks(length + 1 - 2 * lines - column) + "\n ".repeat(lines) + blanks(column - 2);
};

const countLines = (parsed, text) => {
  let from = 0;
  for (let at; (at = text.indexOf("\n", from)) >= 0; from = at + 1) {
    parsed.lines += 1;
    parsed.column = 0;
  }
  parsed.length += text.length;
  parsed.column += text.length - from;
};

const parseOrUndefined = (text) => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

// Empties `pieces`, of which it takes one at a time.
const takePiece = (pieces, number) => {
  const text = pieces[number];
  pieces[number] = "";
  return text;
};

const parsePieces = async (pieces) => {
  await undefined; // until the calls have ended that hold the pieces, too
  const parsed = { length: 0, lines: 0, column: 0 };
  const found = [];
  let open = "", rest = "";
  for (let number = 0; number < pieces.length && rest === ""; number += 1) {
    const text = takePiece(pieces, number);
    const isLast = number === pieces.length - 1;
    const values = parseOrUndefined(open + (isLast ? text : `${text.slice(0, -1)}]`));
    if (values === undefined) {
      rest = text;
      while (++number < pieces.length) rest += takePiece(pieces, number);
    } else {
      found.push(values);
      countLines(parsed, text);
      open = "[";
    }
  }
  if (rest !== "") {
    const values = parseOrUndefined(open + rest);
    if (values === undefined) {
      found.length = 0;
      JSON.parse(open === "" ? rest : blankOf(parsed) + open + rest); // throws
    }
    if (open === "") return values;
    found.push(values);
  }
  return [].concat(...found);
};

// console.table: rows of an array or an object as columns of text.

const ROW = "(index)";
const VALUE = "(value)";

const tableRows = (data) => {
  const entries = data instanceof Map ? [...data] : Object.entries(data);
  return entries.map(([key, row]) => {
    const index = typeof key === "string" ? key : inspect(key);
    const cells = row !== null && typeof row === "object" ? Object.entries(row) : [[VALUE, row]];
    return new Map([[ROW, index], ...cells.map(([name, cell]) => [name, inspect(cell)])]);
  });
};

const tableColumns = (rows, wanted) => {
  if (wanted) {
    return [ROW, ...wanted];
  }
  const names = new Set(rows.flatMap((row) => [...row.keys()]));
  names.delete(ROW);
  const last = names.delete(VALUE) ? [VALUE] : [];
  return [ROW, ...names, ...last];
};

const formatTable = (data, wanted) => {
  const rows = tableRows(data);
  const columns = tableColumns(rows, wanted);
  const lines = [columns, ...rows.map((row) => columns.map((name) => row.get(name) ?? ""))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const toLine = (line) => line.map((cell, i) => cell.padEnd(widths[i])).join(" | ").trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("-+-");
  return [toLine(lines[0]), rule, ...lines.slice(1).map(toLine)].join("\n");
};

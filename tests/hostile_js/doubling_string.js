// MEMORY_LIMIT
export default () => { const a = []; let s = "x".repeat(9e5); for (;;) { s = s.slice(1); a.push([...s].join("")); } };

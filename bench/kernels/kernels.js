// What `bench.javascript kernels` runs: each function does a round of work and returns a number.

const text = "The quick brown fox jumps over the lazy dog. 2024-05-17, a@b.example, ".repeat(40);

const KERNELS = {
  regexp() {
    let found = 0;
    for (const match of text.matchAll(/(\d{4})-(\d\d)-(\d\d)|[\w.]+@([\w.]+)/g)) found += match[0].length;
    return found + text.replace(/\b(\w)(\w*)\b/g, (_, a, b) => a.toUpperCase() + b).split(/[,. ]+/).length;
  },
  json() {
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `user ${id}`, tags: ["a", "b"], ok: id % 2 === 0 }));
    return JSON.parse(JSON.stringify(rows)).reduce((sum, row) => sum + row.id, 0);
  },
  sort() {
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647);
    const list = Array.from({ length: 3000 }, random);
    return list.sort((a, b) => a - b)[7] + list.map(String).sort()[7].length;
  },
  strings() {
    let made = "";
    for (let i = 0; i < 4000; i += 1) made += `${i}:${made.length % 7};`;
    return made.split(";").join("-").length;
  },
  fib() {
    const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    return fib(19);
  },
  sieve() {
    const size = 60000, sieve = new Uint8Array(size);
    let count = 0;
    for (let i = 2; i < size; i += 1) {
      if (sieve[i]) continue;
      count += 1;
      for (let j = 2 * i; j < size; j += i) sieve[j] = 1;
    }
    return count;
  },
  objects() {
    class Tree { constructor(depth) { this.left = depth ? new Tree(depth - 1) : null; this.right = depth ? new Tree(depth - 1) : null; } count() { return 1 + (this.left ? this.left.count() + this.right.count() : 0); } }
    return new Tree(11).count();
  },
  maps() {
    const counts = new Map();
    for (let i = 0; i < 12000; i += 1) {
      const key = `k${(i * 7919) % 997}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...counts.values()].reduce((a, b) => a + b, 0);
  },
  floats() {
    let inside = 0;
    for (let py = 0; py < 40; py += 1) {
      for (let px = 0; px < 40; px += 1) {
        let x = 0, y = 0, n = 0;
        const cx = px / 20 - 1.5, cy = py / 20 - 1;
        for (; n < 50 && x * x + y * y < 4; n += 1) [x, y] = [x * x - y * y + cx, 2 * x * y + cy];
        inside += n;
      }
    }
    return inside;
  },
};

const work = (name, rounds) => {
  let found = 0;
  for (let i = 0; i < rounds; i += 1) found = KERNELS[name]();
  return found;
};

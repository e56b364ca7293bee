// TIMEOUT
export default () => { let n = 3n; for (;;) n = n ** 2n % (1n << 60000n) + 7n; };

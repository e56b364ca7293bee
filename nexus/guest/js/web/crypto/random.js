// Math.random: the generator sfc32, seeded from the host. Every request starts from the same
// snapshot, so dispatch forgets the seed.

let seed;

const forgetSeed = () => {
  seed = undefined;
};

const nextRandom32 = () => {
  seed ??= new Uint32Array(host.seed().slice().buffer);
  const sum = (seed[0] + seed[1] + seed[3]) | 0;
  seed[3] += 1;
  seed[0] = seed[1] ^ (seed[1] >>> 9);
  seed[1] = seed[2] + (seed[2] << 3);
  seed[2] = ((seed[2] << 21) | (seed[2] >>> 11)) + sum;
  return sum >>> 0;
};

Object.defineProperty(Math, "random", {
  value: function random() {
    return ((nextRandom32() >>> 5) * 0x4000000 + (nextRandom32() >>> 6)) / 2 ** 53;
  },
  writable: true, configurable: true, enumerable: false,
});

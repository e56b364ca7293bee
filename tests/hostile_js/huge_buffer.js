// MEMORY_LIMIT
export default () => new Uint8Array(2 ** 30);

// MEMORY_LIMIT
export default () => { const a = []; for (;;) a.push(new ArrayBuffer(1e6)); };

// TIMEOUT
export default () => { for (;;) { try { for (;;); } finally { continue; } } };

// TIMEOUT
export default () => { const p = new Proxy({}, { get() { for (;;); } }); return p.x; };

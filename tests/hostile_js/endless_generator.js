// TIMEOUT
function* all() { for (;;) yield; }
export default () => { for (const _ of all()); };

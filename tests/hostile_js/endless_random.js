// TIMEOUT
export default () => { for (;;) crypto.randomUUID(); };

// RESOURCE_LIMIT
export default () => { for (;;) { try { $emit("x"); } catch {} } };

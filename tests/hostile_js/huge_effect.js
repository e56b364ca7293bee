// RESOURCE_LIMIT
export default () => { for (;;) { try { $emit("x", "y".repeat(1_100_000)); } catch {} } };

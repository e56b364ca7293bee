// RESOURCE_LIMIT
export default () => { for (;;) crypto.randomUUID(); };

// RESOURCE_LIMIT
export default () => { for (;;) console.log("x"); };

// TIMEOUT
export default () => new Response(/^(a+)+$/.test("a".repeat(60) + "b"));

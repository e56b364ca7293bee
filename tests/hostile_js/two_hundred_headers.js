// INVALID_RESPONSE
export default () => { const r = new Response("");
  for (let i = 0; i < 200; i++) r.headers.append(`x-${i}`, "1"); return r; };

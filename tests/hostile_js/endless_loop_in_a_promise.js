// TIMEOUT
export default async () => { await 0; for (;;); };

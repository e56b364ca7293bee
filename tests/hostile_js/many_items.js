// MEMORY_LIMIT
export default () => { const a = []; for (let i = 0; i < 1e7; i++) a.push({ i }); };

// EXECUTION_ERROR
export default async () => { throw new RangeError("no"); };

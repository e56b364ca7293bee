// EXECUTION_ERROR
export default async () => {
  try { $state.secret; } catch {}
  const error = new Error("the handler's manifest does not grant everything");
  error.name = "PermissionDenied";
  throw error;
};

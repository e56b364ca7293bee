// ok
// What was put on the global object can be replaced; the host's answer to the same call cannot.
export default async () => {
  const { call, apply } = Function.prototype;
  Function.prototype.call = Function.prototype.apply = () => "fooled";
  globalThis.$state = { secret: 1 };
  Reflect.get = () => 7;
  let names = [];
  for (const use of [() => $view.focus("x"), () => $ext.x.y(), () => $emit("x")]) {
    try { await use(); } catch (error) { names.push(error.name); }
  }
  Object.assign(Function.prototype, { call, apply });
  return new Response(names.join() === "PermissionDenied,PermissionDenied,PermissionDenied"
    ? "fine" : names.join());
};

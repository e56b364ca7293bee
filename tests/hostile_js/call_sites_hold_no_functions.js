// ok
export default () => {
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = [].concat(new Error().stack);
  const held = sites.filter((site) => typeof site.getFunction?.() === "function");
  return new Response(held.length ? "held" : "fine");
};

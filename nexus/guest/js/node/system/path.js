// node:path, for POSIX. There is no file system: the working directory is "/".

const text = (value, name = "path") => {
  if (typeof value === "string") return value;
  const error = new TypeError(`The "${name}" argument must be of type string. Received ${typeof value}`);
  error.code = "ERR_INVALID_ARG_TYPE";
  throw error;
};

const simplified = (path, absolute) => {
  const kept = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!absolute) kept.push("..");
  }
  return kept.join("/");
};

export const sep = "/", delimiter = ":";

export const isAbsolute = (path) => text(path).startsWith("/");

export const normalize = (path) => {
  if (text(path) === "") return ".";
  const absolute = isAbsolute(path);
  const found = simplified(path, absolute);
  const end = path.endsWith("/") ? "/" : "";
  if (found === "") return absolute ? "/" : `.${end}`;
  return `${absolute ? "/" : ""}${found}${end}`;
};

export const join = (...paths) => {
  const found = paths.filter((path) => text(path) !== "");
  return found.length > 0 ? normalize(found.join("/")) : ".";
};

export const resolve = (...paths) => {
  let path = "";
  for (const one of paths) {
    if (text(one) !== "") path = isAbsolute(one) ? one : `${path}/${one}`;
  }
  return `/${simplified(path, true)}`;
};

export const relative = (from, to) => {
  const a = resolve(text(from, "from")).split("/").filter(Boolean);
  const b = resolve(text(to, "to")).split("/").filter(Boolean);
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/");
};

const trimmed = (path) => (path.length > 1 ? path.replace(/(?!^)\/+$/, "") : path);

export const dirname = (path) => {
  const cut = trimmed(text(path));
  const at = cut.lastIndexOf("/");
  if (at < 0) return ".";
  return at === 0 ? "/" : cut.slice(0, at).replace(/(?!^)\/+$/, "");
};

export const basename = (path, suffix = "") => {
  const cut = trimmed(text(path));
  const name = cut.slice(cut.lastIndexOf("/") + 1);
  return suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
};

export const extname = (path) => {
  const name = basename(path);
  const at = name.lastIndexOf(".");
  return at <= 0 || name === ".." ? "" : name.slice(at);
};

export const parse = (path) => {
  const root = isAbsolute(path) ? "/" : "";
  const base = basename(path), ext = extname(path);
  const folder = dirname(path);
  const dir = folder === "." && !path.startsWith(".") ? "" : folder;
  return { root, dir: dir || root, base, ext, name: ext ? base.slice(0, -ext.length) : base };
};

export const format = ({ dir, root = "", base, name = "", ext = "" }) => {
  const file = base ?? `${name}${ext && !ext.startsWith(".") ? "." : ""}${ext}`;
  if (!dir) return `${root}${file}`;
  return dir === root ? `${dir}${file}` : `${dir}/${file}`;
};

export const toNamespacedPath = (path) => path;

export const posix = {
  sep, delimiter, isAbsolute, normalize, join, resolve, relative, dirname, basename, extname, parse,
  format, toNamespacedPath,
};
posix.posix = posix;
export default posix;

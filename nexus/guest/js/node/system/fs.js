// node:fs: a file system without files that nobody can write. Packages import it for a corner of
// what they do; what is read is missing, as Node says it. A handler's files are in `env.ASSETS`.

const READS = {
  access: "access", lstat: "lstat", open: "open", opendir: "opendir", readdir: "scandir",
  readFile: "open", readlink: "readlink", realpath: "realpath", stat: "stat", statfs: "statfs",
};
const WRITES = {
  appendFile: "open", chmod: "chmod", chown: "chown", copyFile: "copyfile", cp: "cp", link: "link",
  mkdir: "mkdir", mkdtemp: "mkdtemp", rename: "rename", rm: "rm", rmdir: "rmdir",
  symlink: "symlink", truncate: "open", unlink: "unlink", utimes: "utime", writeFile: "open",
};

const failure = (isRead, syscall, path) => {
  const [code, errno, text] = isRead
    ? ["ENOENT", -2, "no such file or directory"]
    : ["EROFS", -30, "read-only file system"];
  const error = new Error(`${code}: ${text}, ${syscall} '${path}'`);
  return Object.assign(error, { errno, code, syscall, path: String(path) });
};

const fs = {}, made = {};
for (const [table, isRead] of [[READS, true], [WRITES, false]]) {
  for (const [name, syscall] of Object.entries(table)) {
    fs[`${name}Sync`] = (path, options) => {
      if (options?.throwIfNoEntry === false) return undefined;
      throw failure(isRead, syscall, path);
    };
    fs[name] = (path, ...args) => {
      const callback = args.at(-1);
      if (typeof callback !== "function") {
        const error = new TypeError('The "cb" argument must be of type function.');
        throw Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
      }
      queueMicrotask(() => callback(failure(isRead, syscall, path)));
    };
    made[name] = async (path) => { throw failure(isRead, syscall, path); };
  }
}

export const constants = {
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1,
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024,
};
export const promises = { ...made, constants };
export class Stats {}
export class Dirent {}
export const existsSync = () => false;
export const exists = (_, callback) => queueMicrotask(() => callback(false));
export const createReadStream = (path) => { throw failure(true, "open", path); };
export const createWriteStream = (path) => { throw failure(false, "open", path); };
export const watch = (path) => { throw failure(true, "watch", path); };
export const {
  access, accessSync, appendFile, appendFileSync, chmod, chmodSync, chown, chownSync, copyFile,
  copyFileSync, cp, cpSync, link, linkSync, lstat, lstatSync, mkdir, mkdirSync, mkdtemp,
  mkdtempSync, open, openSync, opendir, opendirSync, readdir, readdirSync, readFile, readFileSync,
  readlink, readlinkSync, realpath, realpathSync, rename, renameSync, rm, rmSync, rmdir, rmdirSync,
  stat, statSync, statfs, statfsSync, symlink, symlinkSync, truncate, truncateSync, unlink,
  unlinkSync, utimes, utimesSync, writeFile, writeFileSync,
} = fs;

export default Object.assign(fs, {
  constants, promises, Stats, Dirent, existsSync, exists, createReadStream, createWriteStream, watch,
});

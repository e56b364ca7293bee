// node:os: the machine, of which a handler sees nothing.

export const EOL = "\n";
export const devNull = "/dev/null";
export const constants = { signals: {}, errno: {}, priority: {}, dlopen: {} };
export const platform = () => "linux";
export const type = () => "Linux";
export const arch = () => "wasm32";
export const machine = arch;
export const endianness = () => "LE";
export const release = () => "";
export const version = () => "";
export const hostname = () => "localhost";
export const homedir = () => "/";
export const tmpdir = () => "/tmp";
export const uptime = () => 0;
export const loadavg = () => [0, 0, 0];
export const totalmem = () => 0;
export const freemem = () => 0;
export const cpus = () => [];
export const availableParallelism = () => 1;
export const networkInterfaces = () => ({});
export const userInfo = () => ({ uid: -1, gid: -1, username: "nexus", homedir: "/", shell: null });

export default {
  EOL, devNull, constants, platform, type, arch, machine, endianness, release, version, hostname,
  homedir, tmpdir, uptime, loadavg, totalmem, freemem, cpus, availableParallelism,
  networkInterfaces, userInfo,
};

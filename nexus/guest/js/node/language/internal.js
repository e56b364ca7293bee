// What the modules here need of the host and of the prelude; bootstrap.js lends it while a handler
// loads.

export const internal = globalThis[Symbol.for("nexus.internal")];

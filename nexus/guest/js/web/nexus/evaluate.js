// One execution with a JSON context: $args and $scope, $log and $time, and the handler's call.

define("$args", null);
define("$scope", null);
define("$log", Object.assign(logAt("info"), {
  debug: logAt("debug"),
  info: logAt("info"),
  warn: logAt("warn"),
  error: logAt("error"),
}));
define("$time", () => host.now());

const contextFunction = (handler) => {
  if (typeof handler === "function") {
    return handler;
  }
  if (typeof handler?.run === "function") {
    return (...given) => handler.run(...given);
  }
  throw new TypeError(
    "a JSON context needs a default export that is a function, or an object with a function `run`",
  );
};

const begin = ({ args, scope }) => {
  beginClock();
  forgetSeed();
  currentURL = undefined;
  define("$args", args);
  define("$scope", scope);
};

const evaluate = async (handler, { args, scope, ...given }) => {
  begin({ args, scope });
  currentEnv = environmentOf(given);
  return contextFunction(handler)({ state, args, scope }, currentEnv);
};

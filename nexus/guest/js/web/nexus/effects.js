// $emit and $view: data in the execution's result, for the caller to carry out.

const emit = (name, payload = null) => {
  callHost(["emit", toText(name)], toJSONText(payload, "An event's payload"));
};

const viewCommand = (command) => (id, argument = null) => {
  callHost(["view", command, toText(id)], toJSONText(argument, `The argument of ${command}`));
};

define("$emit", emit);
define("$view", Object.freeze({
  setFilter: viewCommand("setFilter"),
  scrollTo: viewCommand("scrollTo"),
  focus: viewCommand("focus"),
  custom: viewCommand("custom"),
}));

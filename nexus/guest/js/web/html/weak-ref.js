// WeakRef: its target lives to the end of the turn, as the language demands. QuickJS counts
// references and drops a target at once.

const NativeWeakRef = WeakRef;
const keptTargets = new Set();

// Called before each timer; a request begins with none.
const forgetTargets = () => {
  if (keptTargets.size > 0) keptTargets.clear();
};

define("WeakRef", class WeakRef extends NativeWeakRef {
  constructor(target) {
    super(target);
    keptTargets.add(target);
  }

  deref() {
    const target = super.deref();
    if (target !== undefined) keptTargets.add(target);
    return target;
  }
});

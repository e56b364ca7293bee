// performance.now() in whole milliseconds since the request began: nothing finer, so that no
// handler can time what runs beside it. `beginClock` belongs to dispatch.

let timeOrigin = host.now(); // a number, or its text

// *now* comes with an HTTP request, as text: to ask the host takes a tenth of a short request.
const beginClock = (now = host.now()) => {
  timeOrigin = now;
};

const elapsed = () => Math.max(0, host.now() - timeOrigin);

class Performance {
  constructor() {
    throw new TypeError("Performance cannot be constructed; use performance");
  }

  get timeOrigin() {
    return Number(timeOrigin);
  }

  now() {
    return elapsed();
  }

  toJSON() {
    return { timeOrigin: Number(timeOrigin) };
  }
}

expose(Performance);
define("performance", Object.create(Performance.prototype));
define("navigator", tag({ userAgent: "Nexus" }, "Navigator"));

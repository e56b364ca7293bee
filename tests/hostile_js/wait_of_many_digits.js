// EXECUTION_ERROR
export default () => {
  Object.prototype.toJSON = () => ({ wait: JSON.rawJSON("1" + "0".repeat(5000)) });
  return new Promise((resolve) => setTimeout(() => resolve(new Response("unfine")), 1));
};

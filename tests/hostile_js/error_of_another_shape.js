// EXECUTION_ERROR
export default () => {
  Object.prototype.toJSON = () => ({ error: 5 });
  return new Response("unfine");
};

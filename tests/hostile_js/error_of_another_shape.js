// EXECUTION_ERROR
export default () => {
  Object.prototype.toJSON = () => ({ error: 5 });
  throw new Error("unfine");
};

// ok
Object.prototype.toJSON = () => ({ error: 5 });
String.prototype.concat = Array.prototype.push = () => "unfine";
export default () => new Response("fine");

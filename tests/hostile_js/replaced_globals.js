// ok
Promise.prototype.then = () => { throw 1; };
export default () => new Response("fine");

// ok
JSON.stringify = () => "forged"; JSON.parse = () => ({});
export default () => new Response("fine");

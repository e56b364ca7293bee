import { equal, ok, rejects, test, throws } from "/guest/check.js";

const multipart = (body, boundary = "b") =>
  new Response(body, { headers: { "content-type": `multipart/form-data; boundary=${boundary}` } })
    .formData();

const part = (head, content) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;

test("FormData keeps names, strings and Files in order", () => {
  const data = new FormData();
  data.append("a", 1);
  data.append("b", new Blob(["x"], { type: "t/x" }));
  data.append("a", new Blob(["y"]), "y.txt");
  equal([data.get("a"), data.getAll("a").length, data.has("c"), data.get("c")], ["1", 2, false, null]);
  const file = data.get("b");
  equal([file instanceof File, file.name, file.type, data.getAll("a")[1].name], [true, "blob", "t/x", "y.txt"]);
  data.set("a", "3");
  equal([...data].map(([name]) => name), ["a", "b"]);
  data.delete("b");
  equal([...data.entries()], [["a", "3"]]);
  throws(() => data.append("a", "text", "name"), "TypeError", "Only a Blob or a File");
  throws(() => new FormData({}), "TypeError", "takes no form");
});

test("what is written as multipart is read back, bytes and odd names too", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const data = new FormData();
  data.append('na"me\r\n', "one\ntwo");
  data.append("é", new File([bytes], 'fi"le €.bin', { type: "image/png" }));
  data.append("empty", "");
  const back = await new Response(data).formData();
  equal([...back.keys()], ['na"me\r\n', "é", "empty"]);
  equal([back.get('na"me\r\n'), back.get("empty")], ["one\r\ntwo", ""]);
  const file = back.get("é");
  equal([file.name, file.type, await file.bytes()], ['fi"le €.bin', "image/png", bytes]);
});

test("multipart is written as browsers do", async () => {
  const data = new FormData();
  data.append("a", "1");
  data.append("f", new File(["x"], "n"));
  const response = new Response(data);
  const boundary = response.headers.get("content-type").split("boundary=")[1];
  equal(await response.text(), [
    `--${boundary}`, 'Content-Disposition: form-data; name="a"', "", "1",
    `--${boundary}`, 'Content-Disposition: form-data; name="f"; filename="n"',
    "Content-Type: application/octet-stream", "", "x", `--${boundary}--`, "",
  ].join("\r\n"));
  ok(/^[-\w]{27,70}$/.test(boundary));
});

test("multipart from other clients: preamble, unquoted names, lines in the content", async () => {
  const data = await multipart(
    `preamble\r\n${part("name=a", "1\r\n--\r\n2")}` +
    `--b \r\ncontent-disposition: FORM-DATA; filename="x\\"y"; name="f"\r\nX-Other: 1\r\n\r\nz\r\n--b--\r\nepilogue`,
  );
  equal([data.get("a"), data.get("f").name, data.get("f").type], ["1\r\n--\r\n2", 'x"y', "text/plain"]);
  equal([...await multipart("--b--\r\n")], []);
});

// [name, file name or text] of the one part with this Content-Disposition.
const disposed = async (head) => {
  const data = await multipart(`--b\r\nContent-Disposition: ${head}\r\n\r\nx\r\n--b--`);
  return [...data].map(([name, value]) => [name, value.name ?? value])[0];
};

test("parameters of a part are parsed, not searched for", async () => {
  for (const [head, wanted] of [
    ['form-data; name="note; filename=evil"', ["note; filename=evil", "x"]],
    ['form-data; name="a"; x="; filename=evil"', ["a", "x"]],
    ['form-data; xname="b"; name="a"', ["a", "x"]],
    ['form-data; name="back\\"', ["back\\", "x"]],
    ['form-data; name="back\\"; filename="C:\\a\\"', ["back\\", "C:\\a\\"]],
    ['form-data; name="a\\\\b"', ["a\\\\b", "x"]],
    ['form-data; name="a\\"b"; filename="c\\\\d"', ['a"b', "c\\d"]],
    ['form-data; name="a\\"; filename=\\"b"', ['a"; filename="b', "x"]],
    ['form-data; name="a%22b%0D%0a%41"', ['a"b\r\n%41', "x"]],
    ["form-data ; name = a b ; filename = c.d", ["a b", "c.d"]],
    ["FORM-DATA;NAME=a;FileName=;", ["a", ""]],
    ['form-data; name=""; filename=""', ["", ""]],
    ['form-data;\r\n\tname="a:b";\r\n filename="c"', ["a:b", "c"]],
  ]) equal(await disposed(head), wanted, head);
});

test("filename* counts before filename, where it can be read", async () => {
  for (const [extended, wanted] of [
    ["utf-8''%E2%82%AC%20a", "€ a"],
    ["UTF-8'en'%e2%82%ac.txt", "€.txt"],
    ["iso-8859-1''%E9", "é"],
    ["utf-8''", ""],
    ["utf-16''%20", "plain"], ["utf-8''a b", "plain"], ["utf-8''%4", "plain"], ["a", "plain"], ["", "plain"],
  ]) equal(await disposed(`form-data; name=a; filename=plain; filename*=${extended}`), ["a", wanted], extended);
  equal(await disposed("form-data; name=a; filename*=utf-8''b"), ["a", "b"]);
  equal(await disposed("form-data; name=a; filename*=b"), ["a", "x"]);
});

test("a byte order mark belongs to the value", async () => {
  equal([...await multipart(part('name="\ufeffa"', "\ufeffx") + "--b--")], [["\ufeffa", "\ufeffx"]]);
});

test("what could be read in two ways is refused", async () => {
  for (const head of [
    'form-data; name="a"; name="b"', "form-data; name=a; filename=b; FILENAME=c", 'form-data; name="a',
    'form-data; name="a"b', 'form-data; name=a"b"', "form-data; name", "form-data name=a", "form-datax; name=a",
    "attachment; name=a", "form-data; =a; name=b", 'form-data; "name"=a', 'form-data; name*="a"', "",
  ]) await rejects(disposed(head), "TypeError", "no Content-Disposition");
  await rejects(disposed('form-data; name="a"\r\nContent-disposition: form-data; name="b"'), "TypeError", "twice");
  await rejects(disposed('form-data; name="a"\r\nX Y: 1'), "TypeError", "is no header");
  await rejects(disposed('form-data; name="a"\r\nX : 1'), "TypeError", "is no header");
});

test("broken multipart is refused, with why", async () => {
  await rejects(multipart(""), "TypeError", 'the boundary "b" is not in it');
  await rejects(multipart(part('name="a"', "1")), "TypeError", "the last boundary is missing");
  await rejects(multipart("--b\r\nContent-Disposition: form-data; name=a\r\nx\r\n\r\n1\r\n--b--"), "TypeError", "is no header");
  await rejects(multipart("--b\r\n\r\nx\r\n--b--"), "TypeError", "no Content-Disposition");
  await rejects(multipart(part("filename=x", "1") + "--b--"), "TypeError", "with a name");
  await rejects(multipart("--bxy\r\n\r\n--b--"), "TypeError", "end of its line");
});

test("urlencoded bodies", async () => {
  const data = await new Response(new URLSearchParams("a=1&b=%C3%A9+x&a=2&c")).formData();
  equal([...data], [["a", "1"], ["b", "é x"], ["a", "2"], ["c", ""]]);
});

test("other types are refused", async () => {
  await rejects(new Response("a=1").formData(), "TypeError", "text/plain;charset=UTF-8");
  await rejects(new Response(new Uint8Array(1)).formData(), "TypeError", "Content-Type is null");
});

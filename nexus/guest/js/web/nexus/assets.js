// env.ASSETS: the handler's files, by the paths of URLs, like the binding of Workers. The host finds
// the file and its headers; it follows no redirect.

const FOUND = 0, LINE_FEED = 10;

const assetsBinding = Object.freeze({
  async fetch(input, init = undefined) {
    need(arguments, 1, "ASSETS.fetch");
    const { method, url, headers, signal } = requestParts(new Request(input, init));
    signal?.throwIfAborted();
    const { status, bytes } = host.assets(utf8Encode(writeJSON({ method, url, headers })));
    if (status !== FOUND) throw declined(status, parseJSON(utf8DecodeKeepingBom(bytes)));
    const end = bytes.indexOf(LINE_FEED);
    const head = parseJSON(utf8DecodeKeepingBom(bytes.subarray(0, end)));
    return fetchedResponse({ url, redirected: false, reason: "", ...head }, bytes.slice(end + 1));
  },
});

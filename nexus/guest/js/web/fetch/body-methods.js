// The methods that read a body, put on the prototypes of Request and Response.

const exactBuffer = (bytes) =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;

const readForm = (bytes, contentType) => {
  const type = contentType === null ? undefined : parseMimeType(contentType);
  if (type?.essence === "multipart/form-data" && type.parameters.has("boundary")) {
    return formDataOf(readMultipart(bytes, type.parameters.get("boundary")));
  }
  if (type?.essence === "application/x-www-form-urlencoded") {
    return formDataOf(parseForm(utf8DecodeKeepingBom(bytes)));
  }
  throw new TypeError(
    "formData() reads multipart/form-data with a boundary and " +
    `application/x-www-form-urlencoded, but the Content-Type is ${describe(contentType)}`,
  );
};

const blobTypeOf = (contentType) => {
  const type = contentType === null ? undefined : parseMimeType(contentType);
  return type ? mimeTypeToText(type) : "";
};

// `bodyOf` gives the record of fetch/body.js, or null; a TypeError for a foreign object.
const installBodyMethods = (Class, bodyOf) => {
  const methods = {
    arrayBuffer: async (self, what) => exactBuffer(await takeBytes(bodyOf(self), what)),
    blob: async (self, what) =>
      blobOf(await takeBytes(bodyOf(self), what), blobTypeOf(self.headers.get("content-type"))),
    bytes: async (self, what) => new Uint8Array(exactBuffer(await takeBytes(bodyOf(self), what))),
    formData: async (self, what) =>
      readForm(await takeBytes(bodyOf(self), what), self.headers.get("content-type")),
    json: async (self, what) => {
      const body = bodyOf(self);
      if (body?.pieces) return part("json-pieces").parsePieces(takePieces(body, what));
      const text = takeText(body, what); // each job that a promise needs is a call from the host
      return JSON.parse(typeof text === "string" ? text : await text);
    },
    text: async (self, what) => takeText(bodyOf(self), what),
  };
  for (const [name, read] of Object.entries(methods)) {
    const method = { [name]() { return read(this, `read ${name}()`); } }[name];
    Object.defineProperty(Class.prototype, name, {
      value: method, writable: true, configurable: true,
    });
  }
  Object.defineProperties(Class.prototype, {
    body: {
      get() {
        const body = bodyOf(this);
        return body && bodyStream(body);
      },
      configurable: true,
    },
    bodyUsed: {
      get() {
        return bodyUsed(bodyOf(this));
      },
      configurable: true,
    },
  });
};

// FileReader as far as the suite's tests of Blob use it to look into one; the product has none.

class FileReader extends EventTarget {
  #read(promise) {
    promise.then((result) => {
      this.result = result;
      const event = new Event("load");
      this.onload?.(event);
      this.dispatchEvent(event);
    });
  }

  readAsText(blob) {
    this.#read(blob.text());
  }

  readAsArrayBuffer(blob) {
    this.#read(blob.arrayBuffer());
  }
}

globalThis.FileReader = FileReader;

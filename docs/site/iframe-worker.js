// A page that is opened as a file may start no worker: the search then runs in a hidden frame, with a worker's functions.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      const page = frame.contentDocument;
      inside.importScripts = (...urls) =>
        urls.reduce((before, next) => before.then(() => load(page, next)), Promise.resolve());
      inside.postMessage = (message) => {
        const event = new MessageEvent("message", { data: message });
        if (this.onmessage) this.onmessage(event);
        this.dispatchEvent(event);
      };
      load(page, url).then(() => {
        this.ready = inside;
        this.waiting.splice(0).forEach((message) => this.postMessage(message));
      });
    }

    postMessage(message) {
      if (!this.ready) {
        this.waiting.push(message);
        return;
      }
      this.ready.dispatchEvent(new this.ready.MessageEvent("message", { data: message }));
    }

    terminate() {}
  };

  const load = (page, url) =>
    new Promise((loaded, failed) => {
      const script = page.createElement("script");
      script.src = new URL(url, document.baseURI).href;
      script.onload = loaded;
      script.onerror = failed;
      page.body.append(script);
    });
}

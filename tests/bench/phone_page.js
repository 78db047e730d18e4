/**
 * Runs in every page that tests/bench/phone.py opens, before the page's own code. `measured` has, in milliseconds:
 * `ready` and `seen`, from the start of the navigation until the app takes taps and until anything is to be read;
 * `taps`, one {drawn, saved} each, from the finger's leaving the glass until the frame with the answer is made, and
 * until the transaction that was begun for it and writes a draft has completed.
 */
window.measured = { ready: null, seen: null, taps: [] };

{
  let tap = null;
  const frame = new MessageChannel();
  const waiting = [];
  frame.port1.onmessage = () => waiting.shift()();

  addEventListener("touchend", ({ timeStamp }) => {
    tap = { at: timeStamp, drawn: null, saved: null };
    measured.taps.push(tap);
  }, { capture: true, passive: true });

  // A message that is sent while a frame is begun arrives when that frame has been laid out and painted.
  addEventListener("click", () => {
    const own = tap;
    if (!own || own.drawn !== null) return;
    requestAnimationFrame(() => {
      waiting.push(() => { own.drawn = performance.now() - own.at; });
      frame.port2.postMessage(null);
    });
  }, { capture: true });

  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function transaction(names, mode, options) {
    const begun = begin.call(this, names, mode, options);
    const own = tap;
    if (own && mode === "readwrite" && [names].flat().includes("drafts")) {
      begun.addEventListener("complete", () => { own.saved ??= performance.now() - own.at; });
    }
    return begun;
  };

  new MutationObserver((_changes, observer) => {
    if (document.querySelector("main")) measured.seen ??= performance.now();
    if (!("appReady" in document.documentElement.dataset)) return;
    measured.ready = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-app-ready"] });
}

/** Put so many photos of random bytes, each with a preview, into the store and into the answers of the visit `id`. */
window.storePhotos = async (id, count, size, preview) => {
  const database = await new Promise((done, failed) => {
    const request = indexedDB.open("phone");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const finished = (transaction) => new Promise((done, failed) => {
    transaction.oncomplete = done;
    transaction.onabort = () => failed(transaction.error);
  });
  const small = Uint8Array.from(atob(preview), (letter) => letter.charCodeAt(0)).buffer;
  const photos = {};
  for (let number = 0; number < count; number += 1) {
    const bytes = new Uint8Array(size);
    for (let from = 0; from < size; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536));
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const photo = { id: crypto.randomUUID(), media_type: "image/jpeg", sha256 };
    photos[photo.id] = { ...photo, size, taken_at: new Date().toISOString(), preview: true };
    const transaction = database.transaction(["photos", "previews"], "readwrite");
    transaction.objectStore("photos").add({ ...photo, visit_id: id, bytes: bytes.buffer });
    transaction.objectStore("previews").add({ id: photo.id, visit_id: id, bytes: small });
    await finished(transaction);
  }
  const transaction = database.transaction(["drafts", "tasks"], "readwrite");
  transaction.objectStore("tasks").get(id).onsuccess = ({ target: { result: { version } } }) => {
    const criteria = version.sections.flatMap((section) => section.criteria);
    transaction.objectStore("drafts").get(id).onsuccess = ({ target: { result: draft } }) => {
      const nothing = {
        status: null, states: [], none: false, options: [], number: "", words: "", at: "",
        reason: "", comment: "", photo_ids: [],
      };
      draft.photos = JSON.stringify({ ...JSON.parse(draft.photos), ...photos });
      Object.keys(photos).forEach((photo, place) => {
        const { id: criterion } = criteria[place % criteria.length];
        const answer = draft.answers[criterion] ? JSON.parse(draft.answers[criterion]) : nothing;
        draft.answers[criterion] = JSON.stringify({ ...answer, photo_ids: [...answer.photo_ids, photo] });
      });
      transaction.objectStore("drafts").put(draft);
    };
  };
  await finished(transaction);
  database.close();
};

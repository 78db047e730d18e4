/** The phone app's modules from a folder: the real one, or a copy of it in which one line is broken. */
const REAL = new URL("../../../inspector/phone/", import.meta.url).href;
const MODULES = [
  "api", "copies", "draft", "kinds", "outbox", "photo_places", "restoring", "revisions", "sending", "store", "unsent", "visit",
];

export async function loadApp(folder = REAL) {
  const loaded = await Promise.all(MODULES.map((name) => import(`${folder}${name}.js`)));
  return Object.assign({}, ...loaded);
}

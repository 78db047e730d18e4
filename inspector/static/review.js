// Reviewing a visit: notes that outlive a look at another page, and in the queue the keyboard. Each key does what a
// link or a button on the page does too. Letters are taken by their place on the keyboard, so that they work in the
// Russian layout as well.

const KEPT_AS = "review-keys";
const criteria = [...document.querySelectorAll("article.answer[id]")];
const help = document.getElementById("keys");
const wanted = document.getElementById("keys-on");
const opener = document.getElementById("keys-open");

keepNotes();
if (help) listenToKeys();

/** What was written for the inspector and not sent yet stays in this tab while an answer is corrected on its own page. */
function keepNotes() {
  const form = document.getElementById("return");
  if (!form) return;
  const place = `notes ${location.pathname.replace(/\/return$/, "")}`;
  const fields = [...form.elements].filter((field) => field.name);
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "{}");
  for (const field of fields) {
    if (field.value || !kept[field.name]) continue;
    field.value = kept[field.name];
    field.closest("details").open = true;
    document.getElementById("return-box").open = true;
  }
  form.addEventListener("submit", () => sessionStorage.removeItem(place));
  document.addEventListener("input", () => {
    sessionStorage.setItem(place, JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value]))));
  });
}

function listenToKeys() {
  wanted.checked = localStorage.getItem(KEPT_AS) !== "off";
  wanted.addEventListener("change", () => localStorage.setItem(KEPT_AS, wanted.checked ? "on" : "off"));
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", onKey);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isBusy(event.target)) return;
  if (event.key === "?") return doIt(event, () => help.showModal());
  if (!wanted.checked || event.shiftKey) return;
  const keys = {
    KeyJ: () => goTo(current() + 1),
    KeyK: () => goTo(current() - 1),
    KeyP: openPhotos,
    KeyA: () => document.querySelector("#approve button")?.click(),
    KeyR: sendBack,
    KeyX: () => open("reject-box"),
    KeyN: () => document.getElementById("skip")?.click(),
  };
  if (keys[event.code]) doIt(event, keys[event.code]);
}

function isBusy(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
}

function doIt(event, action) {
  event.preventDefault();
  action();
}

/** The number of the criterion that has the focus or holds it; -1 before the first one. */
function current() {
  return criteria.indexOf(document.activeElement?.closest("article.answer"));
}

function goTo(number) {
  const criterion = criteria[Math.max(0, Math.min(number, criteria.length - 1))];
  criterion?.focus({ preventScroll: true });
  criterion?.scrollIntoView({ block: "center" });
}

function openPhotos() {
  const here = criteria[current()]?.querySelector("a.photo[href]");
  (here ?? document.querySelector("a.photo[href]"))?.click();
}

/** A note beside the criterion that has the focus, else the reason for sending the visit back. */
function sendBack() {
  const note = criteria[current()]?.querySelector("details.note");
  if (!note) return open("return-box");
  document.getElementById("return-box").open = true;
  note.open = true;
  note.querySelector("textarea").focus();
}

function open(id) {
  const details = document.getElementById(id);
  if (!details) return;
  details.open = true;
  details.querySelector("textarea").focus();
}

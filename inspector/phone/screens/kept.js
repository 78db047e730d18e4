/** Where begun and finished visits are: only on this phone, and since when, or on the server too; and how much room is left. */
import { changesOf } from "../copies.js";
import { language, t, tn } from "../translate.js";
import { html } from "./html.js";
import { capital, momentWords, savedWords } from "./words.js";

const LITTLE_ROOM = 200_000_000;

/** What the open draft's saving says, and what of it lies on the server. */
export function keptWords(open, copies) {
  return [savedWords(open), open.saved === "saved" && copyWords(open.draft, copies)].filter(Boolean).join(" · ");
}

/** Where a begun visit is, in one line. */
export function placeOfDraft(draft, copies) {
  return copies[draft.id]?.kept_at
    ? capital([t("kept on this phone"), copyWords(draft, copies)].join(" · "))
    : capital(t("only on this phone"));
}

function copyWords(draft, copies) {
  const copy = copies[draft.id];
  if (!copy?.kept_at) return t("no copy on the server yet");
  const time = momentWords(copy.kept_at);
  return copy.missing.length
    ? tn("copy on the server %(time)s, %(num)s photo not yet", "copy on the server %(time)s, %(num)s photos not yet",
      copy.missing.length, { time })
    : t("copy on the server %(time)s", { time });
}

/** What would be lost with this phone, and since when. */
export function OnlyHere({ state: { drafts, visits, copies, room } }) {
  const waiting = visits.filter((visit) => !visit.delivered);
  const unkept = drafts.map((draft) => sinceWhen(draft, copies[draft.id])).filter(Boolean);
  const isAtRisk = (waiting.length > 0 || unkept.length > 0) && room.keeps === false;
  return html`
    ${waiting.length > 0 && html`<p class="muted">${
      t("The oldest was finished %(time)s.", { time: momentWords(Math.min(...waiting.map((visit) => visit.finished_at))) })}</p>`}
    ${unkept.length > 0 && html`<p class="muted">${tn(
      "%(num)s started visit has data that is only on this phone since %(time)s.",
      "%(num)s started visits have data that is only on this phone since %(time)s.",
      unkept.length, { time: momentWords(Math.min(...unkept)) })}</p>`}
    ${isLittle(room) && html`<${RoomLeft} room=${room} />`}
    ${isAtRisk && html`<${Promised} room=${room} />`}`;
}

// Milliseconds since 1970; null where the server has it all.
function sinceWhen(draft, copy) {
  if (!copy?.kept_at) return Date.parse(draft.started_at);
  return copy.missing.length || changesOf(draft) > copy.changes ? Date.parse(copy.kept_at) : null;
}

function isLittle({ left }) {
  return left !== null && left < LITTLE_ROOM;
}

/** How much room is left, and whether the browser keeps what is here. */
export function Room({ room }) {
  return html`
    ${room.left !== null && html`<${RoomLeft} room=${room} />`}
    ${room.keeps !== null && html`<${Promised} room=${room} />`}`;
}

function RoomLeft({ room }) {
  return html`<p class=${isLittle(room) ? "urgent" : "muted"}>${
    t("Room left for photos: %(size)s.", { size: sizeWords(room.left) })} ${
    isLittle(room) && t("Free some before the next visit.")}</p>`;
}

function Promised({ room }) {
  return html`<p class="muted">${room.keeps
    ? t("The browser will not delete visits by itself.")
    : t("The browser may delete what is here when the phone is full. Installed as an app it is safer.")}</p>`;
}

function sizeWords(bytes) {
  const isLarge = bytes >= 1e9;
  const number = (isLarge ? bytes / 1e9 : bytes / 1e6).toLocaleString(language(), { maximumFractionDigits: isLarge ? 1 : 0 });
  return isLarge ? t("%(number)s GB", { number }) : t("%(number)s MB", { number });
}

/** What the screens say about visits, criteria and times. */
import { partsOf } from "../outbox.js";
import { day, dayAndTime, language, sameWallTime, t, timeOfDay, tn } from "../translate.js";
import { repetitionsOf, textIn } from "../visit.js";

const WORTH_SAYING_MS = 60_000;

/** How far a finished visit is, in one line. */
export function stateOfVisit(visit, sending, outbox) {
  if (visit.delivered) return received(visit.server);
  if (visit.parked) return parkedWords(visit);
  if (sending === visit.id) {
    const { part, parts } = partsOf(visit);
    return t("sending %(part)s of %(parts)s", { part, parts });
  }
  const next = Math.max(visit.next_try_at, outbox.state === "no answer" ? outbox.until : 0);
  if (next > Date.now() + WORTH_SAYING_MS) {
    return t("saved on this phone, next try at %(time)s", { time: timeOfDay(next) });
  }
  return t("saved on this phone");
}

/** A visit that the server has, as {state, reason, received_at}. */
export function received({ state, reason, received_at: at }) {
  if (state === "approved") return t("approved");
  if (state === "rejected") return reason ? t("rejected: %(why)s", { why: reason }) : t("rejected");
  const time = momentWords(at);
  if (state !== "held") return t("received %(time)s", { time });
  return reason
    ? t("received %(time)s, waiting for a manager's decision: %(why)s", { time, why: reason })
    : t("received %(time)s, waiting for a manager's decision", { time });
}

/** When it was: the time, and the day where it was not today. */
export function momentWords(at) {
  const isToday = day(at) === day(Date.now());
  return isToday ? timeOfDay(at) : dayAndTime(at);
}

// A photo that the server does not take keeps its visit here, whose report has arrived.
function parkedWords({ parked, photos }) {
  const isOfPhoto = photos.some(({ refused }) => refused?.status === parked.status && refused.detail === parked.detail);
  return isOfPhoto
    ? t("the report has arrived, some photos have not")
    : t("needs attention: %(why)s", { why: whyRefused(parked) });
}

/** Why the server does not take a visit or a photo, and what to do: what it said itself may not be so any more. */
export function whyRefused({ status, detail, kept }) {
  const said = {
    0: t("this phone cannot read it any more. Save the unsent work to a file and tell your manager."),
    400: t("the server cannot read it. Save the unsent work to a file and send that to your manager."),
    403: detail || t("the server does not take it from you. Ask your manager for access, then try again."),
    404: t("the server does not find what it belongs to. Tell your manager, then try again."),
    409: kept
      ? t("the server has another report of this visit and keeps this one too. Tell your manager which one is right.")
      : t("the server has another one. Save the unsent work to a file and send that to your manager."),
    410: t("it was deleted on the server. Ask your manager whether it is still needed."),
    413: t("it is larger than the server takes. Tell your manager, then try again."),
    415: t("the server does not take files of this kind. Tell your manager."),
    422: t("it arrived damaged several times. Try again in another network."),
  }[status];
  return said ?? [detail || t("the server refused it."), t("Try again, or tell your manager.")].join(" ");
}

/** What a criterion still lacks; what is wrong with its value says screens/kinds.js. */
export function lackWords({ what, count }) {
  return {
    watch: () => t("the stopwatch is running: stop it"),
    answer: () => t("no answer yet"),
    reason: () => t("say why it could not be checked"),
    comment: () => t("comment missing"),
    photos: () => tn("%(num)s photo missing", "%(num)s photos missing", count),
  }[what]();
}

/** What a repetition is called: by the inspector, else by its section's label and number. */
export function repetitionWords(section, draft, repetition, version) {
  return repetitionsOf(draft, section.id)[repetition]?.label.trim() || plainWords(section, repetition, version);
}

/** What a repetition is called while the inspector has no name for it: "Employee 2". */
export function plainWords(section, repetition, version) {
  return `${textOf(section.repeat_label, version) || t("No.")} ${repetition + 1}`;
}

export function unitWords(unit) {
  return { seconds: t("seconds"), minutes: t("minutes"), pieces: t("pieces"), percent: "%" }[unit] ?? "";
}

/** The window in which an assignment is due, in the outlet's zone: whole days without hours, the last one included. */
export function dueWords({ due_from: from, due_until: until, outlet }) {
  const zone = outlet.time_zone;
  if (from && until && [from, until].every((edge) => timeOfDay(edge, zone) === "00:00")) {
    const [first, last] = [day(from, zone), day(Date.parse(until) - 1, zone)];
    return first === last ? first : t("%(from)s – %(until)s", { from: first, until: last });
  }
  const window = !from || !until
    ? t("until %(until)s", { until: dayAndTime(until ?? from, zone) })
    : t("%(from)s to %(until)s", { from: dayAndTime(from, zone), until: dayAndTime(until, zone) });
  return sameWallTime(until ?? from, zone) ? window : t("%(window)s (time at the outlet)", { window });
}

/** "12 of 40, 2 missing". */
export function progressWords({ done, total, missingBehind }) {
  const words = t("%(done)s of %(total)s", { done, total });
  return missingBehind ? `${words}, ${tn("%(num)s missing", "%(num)s missing", missingBehind)}` : words;
}

/** "2 of 10 checks": how many are approved of those that this touchpoint needs at this brand; nobody reads "12 of 8". */
export function checksWords({ approved, required }) {
  if (approved > required) return tn("%(num)s check, enough", "%(num)s checks, enough", approved);
  return tn("%(done)s of %(num)s check", "%(done)s of %(num)s checks", required, { done: approved });
}

/** Where an outlet is, in one line below its name: an address that the name tells already is not said twice. */
export function placeWords({ name, brand, address, city }) {
  return [brand, name.includes(address) ? null : address, city].filter(Boolean).join(", ");
}

/** What the open draft's saving says. */
export function savedWords(open) {
  if (open.readOnly) return t("This visit is open in another tab. Continue there, or close that tab.");
  return {
    saved: t("saved on this phone"),
    saving: t("saving"),
    full: t("Not saved: this phone has no space left. Free some space, then tap Try again."),
    failed: t("Not saved. Tap Try again, and do not close this page."),
    gone: t("This visit was finished or discarded in another tab."),
  }[open.saved];
}

/** How many photos are being saved; nothing where none is. */
export function savingWords(waiting) {
  return waiting > 0 && tn("saving %(num)s photo", "saving %(num)s photos", waiting);
}

/** A checklist's text in the language of the interface. */
export function textOf(map, version) {
  return textIn(map, language(), version?.default_language);
}

/** A text that starts a line. */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

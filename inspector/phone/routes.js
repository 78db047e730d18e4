/** Where the app is, in the address's hash: a reload comes back to the same screen, section and criterion. */

/** A route as an object: {screen, …}. Unknown addresses lead to the list of assignments. */
export function parseRoute(hash) {
  const [name, id, ...rest] = hash.replace(/^#\/?/, "").split("/");
  if (name === "assignments" && id) return { screen: "assignment", id };
  if (name === "visits" && id && ["brief", "staff", "finish"].includes(rest[0])) return { screen: rest[0], id };
  if (name === "visits" && id && rest[0] === "tray") return { screen: rest[1] === "sorting" ? "sorting" : "tray", id };
  if (name === "visits" && id && rest[0] === "best") {
    const [, from = "finish", practice = null, word, photo = null] = rest;
    return { screen: word === "photos" && photo ? "photo" : practice ? "best" : "bests", id, from, practice, photo };
  }
  if (name === "visits" && id) {
    const [place, criterion = null, word, photo = null] = rest;
    const [section, repetition = 0] = (place ?? "").split(".").map((number) => Number.parseInt(number, 10) || 0);
    return { screen: word === "photos" && photo ? "photo" : "section", id, section, repetition, criterion, photo };
  }
  if (name === "outbox" || name === "settings") return { screen: name };
  return { screen: "assignments" };
}

/** Whether a route is a place in a visit that is being filled in. */
export function isInVisit({ screen }) {
  return ["brief", "section", "photo", "bests", "best", "staff", "finish", "tray", "sorting"].includes(screen);
}

export const toAssignments = () => "#/";
export const toAssignment = (id) => `#/assignments/${id}`;
export const toBrief = (id) => `#/visits/${id}/brief`;
/** A section, or one criterion of it; a repetition after the first one is told behind a point. */
export const toSection = (id, section, criterion = null, repetition = 0) =>
  `#/visits/${id}/${section}${repetition ? `.${repetition}` : ""}${criterion ? `/${criterion}` : ""}`;
export const toPhoto = (id, section, criterion, photo, repetition = 0) =>
  `${toSection(id, section, criterion, repetition)}/photos/${photo}`;
/** Where a draft was left. */
export const toDraft = ({ id, at }) => (at.tray ? toTray(id) : toSection(id, at.section, at.criterion, at.repetition));
/** What is used in the shop, and where what was taken there is assigned to criteria. */
export const toTray = (id) => `#/visits/${id}/tray`;
export const toSorting = (id) => `#/visits/${id}/tray/sorting`;
export const toStaff = (id) => `#/visits/${id}/staff`;
export const toFinish = (id) => `#/visits/${id}/finish`;
/** The best practices of a visit, with the way back to `from`: the number of a section, or "finish". */
export const toBestPractices = (id, from = "finish") => `#/visits/${id}/best/${from}`;
export const toBestPractice = (id, from, practice) => `#/visits/${id}/best/${from}/${practice}`;
export const toPracticePhoto = (id, from, practice, photo) => `#/visits/${id}/best/${from}/${practice}/photos/${photo}`;
export const toOutbox = () => "#/outbox";
export const toSettings = () => "#/settings";

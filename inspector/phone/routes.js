/** Where the app is, in the address's hash: a reload comes back to the same screen, section and criterion. */

/** A route as an object: {screen, …}. Unknown addresses lead to the list of assignments. */
export function parseRoute(hash) {
  const [name, id, ...rest] = hash.replace(/^#\/?/, "").split("/");
  if (name === "assignments" && id) return { screen: "assignment", id };
  if (name === "visits" && id && ["brief", "finish"].includes(rest[0])) return { screen: rest[0], id };
  if (name === "visits" && id) {
    const [section, criterion = null, word, photo = null] = rest;
    return {
      screen: word === "photos" && photo ? "photo" : "section", id, criterion, photo,
      section: Number.parseInt(section, 10) || 0,
    };
  }
  if (name === "outbox" || name === "settings") return { screen: name };
  return { screen: "assignments" };
}

/** Whether a route is a place in a visit that is being filled in. */
export function isInVisit({ screen }) {
  return ["brief", "section", "photo", "finish"].includes(screen);
}

export const toAssignments = () => "#/";
export const toAssignment = (id) => `#/assignments/${id}`;
export const toBrief = (id) => `#/visits/${id}/brief`;
export const toSection = (id, section, criterion) => `#/visits/${id}/${section}${criterion ? `/${criterion}` : ""}`;
export const toPhoto = (id, section, criterion, photo) => `#/visits/${id}/${section}/${criterion}/photos/${photo}`;
/** Where a draft was left. */
export const toDraft = ({ id, at }) => toSection(id, at.section, at.criterion);
export const toFinish = (id) => `#/visits/${id}/finish`;
export const toOutbox = () => "#/outbox";
export const toSettings = () => "#/settings";

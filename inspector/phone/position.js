/** Where the phone is, if the person allows it, and what is odd about that. */
import { touchpointsOf } from "./practices.js";

const PATIENCE_MS = 20_000;
const DAY_MS = 86_400_000;
const METRES_PER_DEGREE = 111_195;
// Farther from the outlet than this, or less accurate, is worth a word (as in inspector/manager/visits/circumstances.py).
const FAR_M = 500;
const DENIED = 1;

/**
 * {position: {lat, lon, accuracy_m, at}}, or {why}: "denied" without permission, "none" indoors or where this browser has
 * none; nobody waits for it. What is not asked for `exactly` comes at once, by the networks around.
 */
export function whereWeAre(exactly = true) {
  if (!navigator.geolocation) return Promise.resolve({ why: "none" });
  return new Promise((tell) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) => tell({
        position: {
          lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy),
          // Some phones tell a time of their own invention.
          at: new Date(Math.abs(timestamp - Date.now()) < DAY_MS ? timestamp : Date.now()).toISOString(),
        },
      }),
      (error) => tell({ why: error?.code === DENIED ? "denied" : "none" }),
      { enableHighAccuracy: exactly, timeout: exactly ? PATIENCE_MS : PATIENCE_MS / 4, maximumAge: PATIENCE_MS },
    );
  });
}

/**
 * What there is to say of where a visit was made, as {what, metres?}: "denied" or "none" (`why` there is no position),
 * "far" from the outlet, "vague"; null when nothing is, or while it is looked for (`why` is "asking"). It never blocks.
 * A call is made from anywhere, and what was sent back may be mended at home.
 */
export function oddPosition({ draft, task }, why = null) {
  const { latitude, longitude } = task.assignment.outlet;
  const last = draft.positions[draft.positions.length - 1];
  if (why === "asking" || !isOnSite(task) || draft.revision > 1) return null;
  if (why || !last) return { what: why ?? "none" };
  const { accuracy_m: accuracy } = last;
  const away = typeof latitude === "number" ? metresBetween(last, { lat: latitude, lon: longitude }) : 0;
  if (away > FAR_M + accuracy) return { what: "far", metres: away };
  return accuracy > FAR_M ? { what: "vague", metres: accuracy } : null;
}

function isOnSite(task) {
  const here = new Set(task.version.sections.map((section) => section.touchpoint_id));
  return touchpointsOf(task, null).some(({ id, channel = "on_site" }) => here.has(id) && channel === "on_site");
}

// As on a plane: what is so far away that this is wrong is far all the same.
function metresBetween(one, other) {
  const along = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(one.lat - other.lat, along) * METRES_PER_DEGREE;
}

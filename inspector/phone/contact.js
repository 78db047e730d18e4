/** What this phone tells of itself, so that a manager sees what is only here, and whether it is safe. */

const PAUSE_MS = 180_000;
const AFTER_FAILURE_MS = 30_000;
// A phone on which nothing happens is heard of now and then all the same.
const SILENCE_MS = 1_800_000;
const ROUNDED = 50_000_000;

/** Whether the browser keeps the storage for good, and how many bytes are left; null for what it cannot say. */
export async function roomHere(storage = navigator.storage) {
  const [keeps, estimate] = await Promise.all([
    storage?.persisted?.().catch(() => null), storage?.estimate?.().catch(() => null)]);
  const left = Number.isFinite(estimate?.quota) ? Math.max(0, Math.round(estimate.quota - (estimate.usage ?? 0))) : null;
  return { keeps: keeps ?? null, left };
}

/** Such as "Pixel 7, Android 14": where the browser tells more than in its name for itself; else nothing. */
export async function modelHere(agentData = navigator.userAgentData) {
  try {
    const { model, platform, platformVersion } = await agentData.getHighEntropyValues(["model", "platformVersion"]);
    if (!model) return "";
    return [model, [platform, platformVersion?.split(".")[0]].filter(Boolean).join(" ")].join(", ").slice(0, 100);
  } catch {
    return "";
  }
}

/** What PUT /phone/device takes. */
export function contactOf({ deviceId, version, system, installed, room, drafts, visits }) {
  const waiting = visits.filter((visit) => !visit.delivered);
  return {
    device_id: deviceId,
    app_version: (version ?? "").slice(0, 12),
    system,
    installed,
    keeps: room.keeps,
    storage_left: room.left,
    drafts: drafts.map((draft) => draft.assignment_id),
    waiting: waiting.map((visit) => ({
      assignment_id: visit.assignment_id, since: new Date(visit.finished_at).toISOString(), parked: Boolean(visit.parked),
    })),
  };
}

/**
 * Tells it after a contact that changed something, at most every few minutes. `tell(contact, {personId})` asks `api`; it
 * resolves to the time (ms) at which it wants to be asked again, or null.
 */
export function createTeller({ api, now = Date.now }) {
  let told = { words: null, at: 0 };
  let failedAt = 0;

  return async function tell(contact, { personId }) {
    const words = `${personId} ${wordsOf(contact)}`;
    // A clock that was set back must not keep it silent until it has caught up.
    const since = Math.abs(now() - told.at);
    if (since < (words === told.words ? SILENCE_MS : PAUSE_MS)) {
      return words === told.words ? null : told.at + PAUSE_MS;
    }
    if (Math.abs(now() - failedAt) < AFTER_FAILURE_MS) return null;
    const before = told;
    told = { words, at: now() };
    const answer = await api.tellDevice(contact, { personId });
    if (answer.kind === "ok") return null;
    // The next contact that succeeds tells it again.
    told = before;
    failedAt = now();
    return null;
  };
}

// The room that is left changes with every photo; that alone is no news.
function wordsOf(contact) {
  return JSON.stringify({ ...contact, storage_left: Math.round((contact.storage_left ?? 0) / ROUNDED) });
}

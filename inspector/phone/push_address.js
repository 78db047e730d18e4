/** Where a push service takes notices for this browser (Push API): asked for and given back. */

/** Ask the push service, then tell the server: "on"; "nothing" where the server, "unreachable" where the other was silent. */
export async function subscribe({ api, deviceId, personId }) {
  const own = await api.noticeKey({ personId });
  if (own.kind !== "ok") return "nothing";
  const subscription = await subscribed(bytesOf(own.body.public_key)).catch(() => null);
  if (!subscription) return "unreachable";
  const { endpoint, keys } = subscription.toJSON();
  const told = await api.putNotices({ device_id: deviceId, endpoint, keys }, { personId });
  return told.kind === "ok" ? "on" : "nothing";
}

// An address for another key than the server's is of no use.
async function subscribed(key) {
  const { pushManager } = await navigator.serviceWorker.ready;
  const there = await pushManager.getSubscription();
  const known = there?.options?.applicationServerKey;
  if (known && String(new Uint8Array(known)) !== String(key)) await there.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** Give the address back: from then on nothing arrives, even where the server does not know. */
export async function unsubscribe() {
  const registration = await navigator.serviceWorker?.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription().catch(() => null);
  await subscription?.unsubscribe().catch(() => false);
}

function bytesOf(base64) {
  const letters = atob(base64.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

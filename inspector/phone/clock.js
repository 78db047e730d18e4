/** How far this phone's clock is from the server's: who is far off is told so under Settings. */

/** Note what the server's clock showed just now, at `time` (ms since 1970; null where it did not say). */
export async function noteClock(app, time) {
  if (!time) return;
  app.set({ skew: time - Date.now() });
  await app.store.saveSetting("skew", app.state.skew);
}

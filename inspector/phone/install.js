/** How this phone's browser puts an app on the home screen: pure. */

/**
 * "button" where the browser offers to ask by itself, "share" on an iPhone, "firefox", "samsung" or "menu" on Android;
 * null where the app is installed already, or not on a phone. `agent` is navigator.userAgent, `offered` whether
 * beforeinstallprompt came.
 */
export function wayToInstall({ agent, offered, installed }) {
  if (installed) return null;
  if (/iP(hone|ad|od)/.test(agent)) return "share";
  if (offered) return "button";
  if (!/Android/.test(agent)) return null;
  if (/Firefox/.test(agent)) return "firefox";
  return /SamsungBrowser/.test(agent) ? "samsung" : "menu";
}

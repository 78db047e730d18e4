/** Whether notices can be shown here: pure. */

/** "on", or why not: "off", "denied", "install" (an iPhone shows them for installed apps only), "missing". */
export function stateOfNotices({ isOn, isInstalled, scope = globalThis }) {
  const { navigator, Notification } = scope;
  if (!navigator.serviceWorker || !scope.PushManager || !Notification) {
    // An iPad says that it is a Mac, which has no touch screen.
    const isIphone = /iP(hone|ad|od)/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
    return isIphone && !isInstalled ? "install" : "missing";
  }
  if (Notification.permission === "denied") return "denied";
  return isOn && Notification.permission === "granted" ? "on" : "off";
}

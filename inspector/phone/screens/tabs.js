/** The bar of the screens outside a visit. */
import { toAssignments, toOutbox, toSettings } from "../routes.js";
import { t } from "../translate.js";
import { Bar, html } from "./html.js";

export function Tabs({ state: { route, visits } }) {
  const unsent = visits.filter((visit) => !visit.delivered).length;
  const tab = (screen, address, words) =>
    html`<a href=${address} aria-current=${route.screen === screen ? "page" : null}>${words}</a>`;
  return html`<${Bar} label=${t("Parts of the app")}>
    ${tab("assignments", toAssignments(), t("Assignments"))}
    ${tab("outbox", toOutbox(), unsent ? t("Outbox (%(num)s)", { num: unsent }) : t("Outbox"))}
    ${tab("settings", toSettings(), t("Settings"))}
  <//>`;
}

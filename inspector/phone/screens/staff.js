/** Whom the inspector met: role, what they looked like, the name only where the project lets it be written down. */
import { toFinish, toSection } from "../routes.js";
import { t } from "../translate.js";
import { addStaff, changeStaff, placesOf, progress, removeStaff, restoreStaff, staffOf } from "../visit.js";
import { Bar, Component, html, StateLine, Title } from "./html.js";
import { isBroken, Trouble } from "./trouble.js";
import { capital, progressWords, savedWords } from "./words.js";

export class Staff extends Component {
  // Who adds a person wants to say who that is.
  componentDidUpdate() {
    if (this.isAdding) [...document.getElementsByName("role")].pop().focus();
    this.isAdding = false;
  }

  render({ app, state: { open } }) {
    const add = () => {
      this.isAdding = true;
      open.change(addStaff);
    };
    return html`<${Everybody} app=${app} open=${open} add=${add} />`;
  }
}

function Everybody({ app, open, add }) {
  const { draft, task } = open;
  const last = placesOf(task, draft).pop();
  return html`<main>
    <p class="muted above outlet">${draft.outlet_name}</p>
    <${Title}>${t("Staff met")}<//>
    <${StateLine}>${!isBroken(open) && capital(savedWords(open))}<//>
    <p class="muted">${task.version.staff_names
      ? t("Whom did you meet? Leave this empty if nobody.")
      : t("Whom did you meet? Leave this empty if nobody. Names may not be written down here.")}</p>
    <fieldset class="plain" disabled=${open.readOnly}>
      <div class="shifting">${staffOf(draft).map((person, place) => html`
        <${Person} key=${place} app=${app} open=${open} person=${person} place=${place} />`)}
        <span class="slip" key=${`of ${staffOf(draft).length}`}></span></div>
      <p class="more"><button type="button" onClick=${add}>${t("Add a staff member")}</button></p>
    </fieldset>
    <${Bar} label=${t("Visit")}>
      <${Trouble} open=${open} />
      <a href=${toSection(draft.id, last?.section ?? 0, null, last?.repetition)}>${t("Back")}</a>
      <span class="progress">${progressWords({ ...progress(task, draft), missingBehind: 0 })}</span>
      <a class="main" href=${toFinish(draft.id)}>${t("Check answers")}</a>
    <//>
  </main>`;
}

function Person({ app, open, person, place }) {
  const into = (field) => ({ target: { value } }) =>
    open.change((draft) => changeStaff(draft, place, { [field]: value }), { soon: true });
  const remove = ({ currentTarget }) => {
    // Of the last one the button goes too; else it is the next one's.
    if (place === staffOf(open.draft).length - 1) currentTarget.closest("fieldset").querySelector(".more > button").focus();
    open.change((draft) => removeStaff(draft, place));
    app.say(t("Removed from the list"), () => open.change((draft) => restoreStaff(draft, place, person)));
  };
  return html`<section class="criterion" role="group" aria-label=${t("Person %(number)s", { number: place + 1 })}
    onFocusOut=${() => open.flush()}>
    <h2>${t("Person %(number)s", { number: place + 1 })}</h2>
    <label class="field">${t("Role, such as cashier")}
      <input type="text" name="role" autocomplete="off" value=${person.role} onInput=${into("role")} /></label>
    <label class="field">${t("What the person looked like")}
      <textarea rows="2" name="description" value=${person.description}
        onInput=${into("description")}></textarea></label>
    ${open.task.version.staff_names && html`<label class="field">${t("Name of the person")}
      <input type="text" name="name" autocomplete="off" value=${person.name ?? ""} onInput=${into("name")} /></label>`}
    <button type="button" class="quiet" onClick=${remove}>${t("Remove from the list")}</button>
  </section>`;
}

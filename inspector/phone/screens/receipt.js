/** Whether a photo shows a receipt, and what was paid. */
import { amountOf, currencyOf, lastCurrency, receiptOf, withReceipt } from "../receipts.js";
import { t } from "../translate.js";
import { html } from "./html.js";

export function Receipt({ open, id }) {
  const { draft } = open;
  const receipt = receiptOf(draft, id);
  const put = (update, when) => open.change((current) => withReceipt(current, id, update(receiptOf(current, id))), when);
  const press = () => put(() => (receipt ? null : { amount: "", currency: lastCurrency(draft) }));
  const type = (name) => ({ target: { value } }) => put((current) => ({ ...current, [name]: value }), { soon: true });
  const isWrong = (name, read) => Boolean(receipt[name]?.trim()) && read(receipt) === null;
  const field = (name, words, read, more) => html`<label class="field">${words}
    <input type="text" name=${`receipt-${name}`} value=${receipt[name]} autocomplete="off" ...${more}
      aria-invalid=${isWrong(name, read)} aria-describedby=${isWrong(name, read) ? "receipt-wrong" : null}
      onInput=${type(name)} onBlur=${() => open.flush()} /></label>`;
  return html`<fieldset class="plain receipt" disabled=${open.readOnly}>
    <button type="button" aria-pressed=${Boolean(receipt)} onClick=${press}>${t("This is a receipt")}</button>
    ${receipt && html`
      ${field("amount", t("Sum"), amountOf, { inputmode: "decimal" })}
      ${field("currency", t("Currency, such as RUB"), currencyOf, { maxlength: 3, autocapitalize: "characters" })}
      <p class="lacks" id="receipt-wrong" role="status">${isWrong("amount", amountOf) && t("This sum cannot be read. Write it as 1250 or 1250.50.")}
        ${isWrong("currency", currencyOf) && t("Three letters are needed, such as RUB.")}</p>`}
  </fieldset>`;
}

/** Photos that show a receipt: {amount, currency} as typed, each may be empty. Pure; nothing is changed in place. */

// Thousands are set apart with one sign, decimals with another.
const AMOUNT = /^(\d{1,12}|\d{1,3}(?:([ .,])\d{3}(?:\2\d{3}){0,2}))(?:([.,])(\d{1,4}))?$/;
const SIGN = /^[$€£₽]|([$€£₽]|р(уб)?\.?)$/i;
const CURRENCY = /^[A-Z]{3}$/;

/** What the draft says of a photo's receipt, or null where it shows none. */
export function receiptOf(draft, photoId) {
  return draft.photos[photoId]?.receipt ?? null;
}

/** The draft with the photo being a receipt, or with null none any more. */
export function withReceipt(draft, photoId, receipt) {
  return { ...draft, photos: { ...draft.photos, [photoId]: { ...draft.photos[photoId], receipt } } };
}

/** The currency that was entered last in this visit, or none. */
export function lastCurrency(draft) {
  return Object.values(draft.photos).map(({ receipt }) => receipt?.currency).filter(Boolean).pop() ?? "";
}

/**
 * A sum as it goes over the wire, such as "350.00"; null where none was entered, or what can be read in two ways or in
 * none: "1.250" is a thousand to some.
 */
export function amountOf({ amount }) {
  const text = (amount ?? "").trim().replace(SIGN, "").trim().replace(/\s/g, " ");
  const [, whole, thousands, point, decimals = ""] = AMOUNT.exec(text) ?? [];
  if (!whole || (point && point === thousands)) return null;
  if (!thousands && decimals.length === 3 && /^[1-9]\d{0,2}$/.test(whole)) return null;
  return whole.replace(/\D/g, "") + (decimals && `.${decimals}`);
}

/** A currency by ISO 4217, or null. */
export function currencyOf({ currency }) {
  const code = (currency ?? "").trim().toUpperCase();
  return CURRENCY.test(code) ? code : null;
}

/** Whether something was entered that would not come into the report. */
export function isUnread(receipt) {
  const lacks = (name, read) => Boolean(receipt?.[name]?.trim()) && read(receipt) === null;
  return lacks("amount", amountOf) || lacks("currency", currencyOf);
}

/** What of it goes into the report, beside the photo's other fields. Of one that came before, "none" is news as well. */
export function receiptOnTheWire({ receipt, received }) {
  if (receipt) return { receipt: { amount: amountOf(receipt), currency: currencyOf(receipt) } };
  return receipt === null && received ? { receipt: null } : {};
}

/** Photos that show a receipt: {amount, currency} as typed, each may be empty. Pure; nothing is changed in place. */

const AMOUNT = /^\d{1,12}(\.\d{1,4})?$/;
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

/** A sum as it goes over the wire, such as "350.00"; null where none was entered, or no number. */
export function amountOf({ amount }) {
  const compact = (amount ?? "").replace(/\s/g, "").replace(",", ".");
  return AMOUNT.test(compact) ? compact : null;
}

/** A currency by ISO 4217, or null. */
export function currencyOf({ currency }) {
  const code = (currency ?? "").trim().toUpperCase();
  return CURRENCY.test(code) ? code : null;
}

/** What of it goes into the report, beside the photo's other fields. Of one that came before, "none" is news as well. */
export function receiptOnTheWire({ receipt, received }) {
  if (receipt) return { receipt: { amount: amountOf(receipt), currency: currencyOf(receipt) } };
  return receipt === null && received ? { receipt: null } : {};
}

/** The SHA-256 of bytes as hexadecimal digits, at once: the browser's own way comes back whenever a thread is ready. */
import { createHash } from "node:crypto";

const digest = (bytes) => createHash("sha256").update(new Uint8Array(bytes));

export const hashOf = (bytes) => digest(bytes).digest("hex");

/** From now on the browser's way comes back at once as well, or a seed would not repeat what happened. */
export function hashAtOnce() {
  const value = async (_algorithm, bytes) => new Uint8Array(digest(bytes).digest()).buffer;
  Object.defineProperty(crypto.subtle, "digest", { value, configurable: true });
}

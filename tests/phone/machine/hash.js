/** The SHA-256 of bytes as hexadecimal digits, at once: the browser's own way comes back whenever a thread is ready. */
import { createHash } from "node:crypto";

export const hashOf = (bytes) => createHash("sha256").update(new Uint8Array(bytes)).digest("hex");

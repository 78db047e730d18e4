/** Photos of which a part has arrived, for service.js and draft_service.js: a draft's half goes on as its report's. */
import { refusal } from "../server.js";

export function thePieces() {
  const pieces = new Map();
  const lengthOf = (id) => (pieces.get(id) ?? []).reduce((sum, piece) => sum + piece.byteLength, 0);
  const placeOf = (offset, size) => ({ "Upload-Offset": offset, "Upload-Length": size });

  return {
    /** Where the photo {id, size} goes on. */
    tell: ({ id, size }, isHere) => new Response(null, { headers: placeOf(isHere ? size : lengthOf(id), size) }),

    /** Take in a piece; once the photo is whole the answer is what `keep(bytes)` gives. */
    take({ path, id, body, headers }, { size }, keep) {
      if (Number(headers["Upload-Offset"]) !== lengthOf(id)) return refusal(path, 409);
      pieces.set(id, [...(pieces.get(id) ?? []), body.slice()]);
      if (lengthOf(id) < size) return new Response(null, { status: 204, headers: placeOf(lengthOf(id), size) });
      const whole = Buffer.concat(pieces.get(id));
      pieces.delete(id);
      return keep(whole);
    },
  };
}

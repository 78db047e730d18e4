/** What can be read of a phone's storage where the disk has lost a part of it: one record must not keep back the others. */

/** Whether the disk has lost what was to be read, in a browser's words: no further try reads it. */
export function isLost({ name }) {
  return name === "NotReadableError" || name === "DataError";
}

/** For a reading's catch: what is lost is read as undefined. Raises any other error again. */
export function nothingIfLost(error) {
  if (!isLost(error)) throw error;
}

/**
 * `read(names, work)` is a transaction that reads. The function it gives answers {records, lost}: for each of the stores
 * `names` the records of all persons, or of one where the store tells whose they are. Where the disk has lost a part of
 * one, those that can be read, one by one, and the ids of the others in `lost`: of what went meanwhile as well.
 */
export function readableBy(read) {
  return async function readable(names, personId) {
    const all = (method) => (tx) => Promise.all(names.map((name) => {
      const whole = tx.objectStore(name);
      const isOnes = personId && whole.indexNames.contains("person_id");
      return isOnes ? whole.index("person_id")[method](personId) : whole[method]();
    }));
    const lost = new Set();
    try {
      return { records: await read(names, all("getAll")), lost };
    } catch (error) {
      nothingIfLost(error);
    }
    const keys = await read(names, all("getAllKeys"));
    const one = (name) => async (id) => {
      const record = await read([name], (tx) => tx.objectStore(name).get(id)).catch(nothingIfLost);
      if (!record) lost.add(id);
      return record;
    };
    const records = await Promise.all(names.map((name, place) => Promise.all(keys[place].map(one(name)))));
    return { records: records.map((each) => each.filter(Boolean)), lost };
  };
}

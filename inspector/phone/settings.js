/**
 * The phone's settings and who works here, as store.js keeps them. A phone without any room goes on all the same: what
 * could not be written is kept in mind.
 */

/** `read` and `change` are the store's transactions. */
export function createSettings({ read, change }) {
  // What there was no room for: it is written after the next setting that finds some.
  const unwritten = new Map();
  const all = (tx) => tx.objectStore("settings");
  const stored = (tx, keys) => Promise.all(keys.map((key) => all(tx).get(key)));

  async function settings(keys) {
    const found = await read(["settings"], (tx) => stored(tx, keys));
    return keys.map((key, at) => (unwritten.has(key) ? unwritten.get(key) : found[at]));
  }

  async function saveSetting(key, value) {
    unwritten.delete(key);
    const isKept = await ifRoom(change(["settings"], (tx) => (value === null ? all(tx).delete(key) : all(tx).put(value, key))));
    if (!isKept) unwritten.set(key, value);
    else if (unwritten.size) await saveSetting(...unwritten.entries().next().value);
    return isKept;
  }

  return {
    setting: async (key) => (await settings([key]))[0],
    settings,
    /** Whether there was room to write it. null deletes it, which needs none. */
    saveSetting,

    /** Who works here from now on; false where there was no room for that: then at the next start it is nobody else. */
    savePerson: async (person) => {
      if (await ifRoom(change(["settings"], (tx) => all(tx).put(person, "person")))) return true;
      await change(["settings"], async (tx) => {
        const [before] = await stored(tx, ["person"]);
        if (before?.id !== person.id) await all(tx).delete("person");
      });
      return false;
    },

    /** What the server says of this person, unless they logged out in another tab, or somebody else came. */
    renewPerson: (person) => ifRoom(change(["settings"], async (tx) => {
      const [there, isOut] = await stored(tx, ["person", "logged_out"]);
      if (there ? there.id === person.id : !isOut) await all(tx).put(person, "person");
    })),
  };
}

async function ifRoom(writing) {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
    return false;
  }
}

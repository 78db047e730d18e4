/**
 * A ZIP file whose entries are stored as they are (APPNOTE 6.3, 4.3), put together piece by piece: what was added is the
 * browser's to keep on disk, so that a phone needs room in memory for one photo. Pure.
 */

const UTF_8 = 0x0800;
const VERSION_NEEDED = 20;
const MOST_ENTRIES = 0xffff;
const MOST_BYTES = 0xffffffff;
const END_BYTES = 22;

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of bytes (a Uint8Array), as ZIP and PNG have it. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) crc = REMAINDERS[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * A ZIP that is being written: `add(name, bytes)` an entry (an ArrayBuffer or a Uint8Array), `size()` in bytes if it were
 * closed now, `close()` for the whole as a Blob. Raises RangeError where it grows beyond what a plain ZIP can hold.
 */
export function createZip(now = new Date()) {
  const parts = [];
  const directory = [];
  let offset = 0;
  let listed = 0;

  function add(name, content) {
    const bytes = new Uint8Array(content);
    const path = new TextEncoder().encode(name);
    const facts = [[2, UTF_8], [2, 0], [4, dosTime(now)], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, path.length], [2, 0]];
    const head = fields([[4, 0x04034b50], [2, VERSION_NEEDED], ...facts]);
    const line = fields([
      [4, 0x02014b50], [2, VERSION_NEEDED], [2, VERSION_NEEDED], ...facts, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
    const after = offset + head.length + path.length + bytes.length;
    const lines = listed + line.length + path.length;
    if (directory.length / 2 >= MOST_ENTRIES || after + lines + END_BYTES > MOST_BYTES) throw new RangeError("too much for one ZIP");
    parts.push(head, path, new Blob([bytes]));
    directory.push(line, path);
    [offset, listed] = [after, lines];
  }

  function close() {
    const entries = directory.length / 2;
    const end = fields([[4, 0x06054b50], [2, 0], [2, 0], [2, entries], [2, entries], [4, listed], [4, offset], [2, 0]]);
    return new Blob([...parts, ...directory, end], { type: "application/zip" });
  }

  return { add, close, size: () => offset + listed + END_BYTES };
}

// Numbers of two or four bytes, the lowest byte first.
function fields(pairs) {
  const view = new DataView(new ArrayBuffer(pairs.reduce((sum, [width]) => sum + width, 0)));
  let at = 0;
  for (const [width, value] of pairs) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

// The wall time in steps of two seconds, as MS-DOS had it.
function dosTime(now) {
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

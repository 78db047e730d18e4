/**
 * A line in memory that carries so many bytes a second and breaks off again and again, its clock in the test's hand.
 * `front` says what stands before the server: "streams" hands on each byte as it comes, "buffers" whole requests only.
 */
export function aLine({ server, rate, breaks, front, latency = 50, head = 800, chance = Math.random }) {
  const line = { now: 1_000_000, sent: 0, wasted: 0, send };
  let next = line.now + pause();
  return line;

  // Between two breaks passes from half to one and a half times what `breaks` (in seconds) says.
  function pause() {
    return breaks === null ? Infinity : breaks * 1000 * (0.5 + chance());
  }

  async function send(path, options) {
    const { body } = options;
    const bytes = head + (body?.byteLength ?? 0);
    const until = line.now + latency + (bytes / rate) * 1000;
    if (until < next) {
      line.now = until;
      line.sent += bytes;
      return server.send(path, options);
    }
    const carried = Math.max(0, Math.min(bytes, Math.floor(((next - line.now - latency) / 1000) * rate)));
    line.sent += carried;
    line.now = next;
    next += pause();
    const arrived = carried - head;
    if (front === "streams" && arrived > 0 && path.includes("/photos/")) await keep(path, options, arrived);
    throw new TypeError("the line broke");
  }

  // The server leaves what came of a photo where it goes on.
  async function keep(path, { method, headers, body }, arrived) {
    const bytes = new Uint8Array(body.buffer ?? body, body.byteOffset ?? 0, arrived);
    const id = path.split("/").at(-1);
    if (method === "PATCH") await server.send(path, { method, headers, body: bytes });
    else if (arrived > (server.parts.get(id)?.length ?? 0)) server.parts.set(id, [...bytes]);
  }
}

"""Builds of the phone app in which one line is broken on purpose, as the service serves them: the machine in Chromium
must find the promise broken that each is listed under, or it is blind to it.
"""

from dataclasses import dataclass

from tests.soak.broken_servers import BrokenServer


@dataclass(frozen=True, slots=True)
class BrokenApp(BrokenServer):
    """Seen with `seed`, which draws what the person does, after these `misfortunes`, and an eviction if need be."""

    seed: str
    misfortunes: tuple[str, ...]
    evicting: bool = False


BROKEN_APPS = [
    BrokenApp(
        "saved",
        "a put that succeeded counts as saved",
        "inspector/phone/store.js",
        "    await tx.done;\n",
        "    tx.done.catch(() => {});\n",
        seed="1",
        misfortunes=("aborted",),
    ),
    BrokenApp(
        "received",
        "the report alone counts as received",
        "inspector/phone/outbox.js",
        "delivered: !pending };",
        "delivered: true };",
        seed="1",
        misfortunes=("portal",),
    ),
    BrokenApp(
        "bytes",
        "bytes go when the report has arrived",
        "inspector/phone/store.js",
        "      if (changed.delivered) await dropBytes(tx, id);",
        "      if (changed.acknowledged) await dropBytes(tx, id);",
        seed="1",
        misfortunes=("portal",),
    ),
    BrokenApp(
        "bytes",
        "a photo is shown whose bytes are not kept",
        "inspector/phone/store.js",
        '\n      tx.objectStore("photos").add(photo),\n',
        "\n",
        seed="1",
        misfortunes=("no_worker",),
    ),
    BrokenApp(
        "drain",
        "what was tried in vain is not tried again",
        "inspector/phone/outbox.js",
        "const open = visits.filter(isOpen).sort(",
        "const open = visits.filter((each) => isOpen(each) && !each.attempts).sort(",
        seed="9",
        misfortunes=("lost_answers",),
    ),
    BrokenApp(
        "kept",
        "a copy's photos are taken for kept when their names have arrived",
        "inspector/phone/copies.js",
        "    missing: named.filter((id) => missing.has(id)),",
        "    missing: [],",
        seed="1",
        misfortunes=(),
        evicting=True,
    ),
]

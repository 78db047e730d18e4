"""What the demo's photos show: each scene as plain shapes, seeded, so that equal arguments give equal bytes."""

from collections.abc import Callable, Iterator, Mapping
from random import Random

from inspector.photo_images import Shape, draw_demo_photo, draw_shapes

Shapes = Iterator[Shape]

_CUPS = ("#fbf7ef", "#e9e2d4", "#3d5a5c", "#8a4b3a")
_WOODS = ("#8d6a4a", "#6b4a32", "#a9845b", "#4d3a30")
_ACCENTS = {"Полдень": "#d08a1d", "Зёрна и пар": "#1f6f6b", "Mokka House": "#7a3b4f"}
_LATIN_NAMES = {"Полдень": "POLDEN", "Зёрна и пар": "ZERNA I PAR", "Mokka House": "MOKKA HOUSE"}


def draw_scene(scene: str, brand: str, variant: int, size: tuple[int, int]) -> bytes:
    """A JPEG of the scene at the brand; `size` is width and height in pixels."""
    if scene == "shop":
        return draw_demo_photo(variant, brand, size)
    random = Random(f"{scene}, {brand}, {variant}")
    accent, name = _ACCENTS.get(brand, "#5a6b7a"), _LATIN_NAMES.get(brand, "CAFE")
    return draw_shapes(list(SCENES[scene](random, accent, name)), size)


def _table(random: Random, accent: str, _name: str) -> Shapes:
    wood = random.choice(_WOODS)
    yield Shape("box", "#7f7a72", (0, 0, 1, 1))
    for plank in range(8):
        yield Shape("line", "#6d6860", (plank / 8, 0, plank / 8, 1), thickness=0.004)
    yield Shape("ellipse", "#57493d", (0.1, 0.1, 0.92, 1.02))
    yield Shape("ellipse", wood, (0.08, 0.06, 0.9, 0.98))
    for _ in range(random.randrange(1, 4)):
        left, top = random.uniform(0.22, 0.6), random.uniform(0.2, 0.6)
        yield from _cup_from_above(left, top, 0.1, random.choice(_CUPS), accent)
    if random.random() < 0.6:
        left, top = random.uniform(0.3, 0.55), random.uniform(0.3, 0.6)
        yield Shape("box", "#f4f1ea", (left, top, left + 0.16, top + 0.12))
        for line in range(4):
            yield Shape("line", "#b9b2a4", (left + 0.02, top + 0.03 + line / 50, left + 0.13, top + 0.03 + line / 50))
    for _ in range(random.randrange(0, 14)):
        left, top = random.uniform(0.2, 0.78), random.uniform(0.2, 0.82)
        yield Shape("ellipse", "#d9b98a", (left, top, left + 0.008, top + 0.008))


def _cup_from_above(left: float, top: float, radius: float, cup: str, accent: str) -> Shapes:
    across, down = radius, radius * 4 / 3
    yield Shape("ellipse", "#efe9dd", (left - across * 0.5, top - down * 0.5, left + across * 2.5, top + down * 2.5))
    yield Shape("ellipse", cup, (left, top, left + 2 * across, top + 2 * down))
    yield Shape("ellipse", "#7a4a26", (left + 0.1 * across, top + 0.1 * down, left + 1.9 * across, top + 1.9 * down))
    yield Shape("box", accent, (left + 1.9 * across, top + 0.9 * down, left + 2.3 * across, top + 1.1 * down), 0.01)


def _cup(random: Random, accent: str, _name: str) -> Shapes:
    yield Shape("box", random.choice(_WOODS), (0, 0, 1, 1))
    for grain in range(24):
        top = random.uniform(0, 1)
        yield Shape("line", "#5b4331", (0, top, 1, top + random.uniform(-0.02, 0.02)), thickness=0.002 + grain / 9000)
    yield Shape("ellipse", "#eee8dc", (0.2, 0.06, 0.8, 0.94))
    yield Shape("ellipse", random.choice(_CUPS), (0.28, 0.17, 0.72, 0.83))
    yield Shape("ellipse", "#8a5327", (0.305, 0.205, 0.695, 0.795))
    for ring in range(5):
        inset = 0.02 + ring * 0.025
        colour = "#f3e3c8" if ring % 2 == 0 else "#a9683a"
        yield Shape("ellipse", colour, (0.36 + inset, 0.3 + inset, 0.64 - inset, 0.72 - inset))
    for _ in range(random.randrange(4, 20)):
        left, top = random.uniform(0.36, 0.62), random.uniform(0.28, 0.7)
        yield Shape("ellipse", "#fbf3e2", (left, top, left + 0.01, top + 0.014))
    yield Shape("box", accent, (0.7, 0.44, 0.8, 0.56), 0.03)
    yield Shape("box", "#d8d2c6", (0.84, 0.25, 0.87, 0.85), 0.01)


def _receipt(random: Random, accent: str, name: str) -> Shapes:
    yield Shape("box", random.choice(_WOODS), (0, 0, 1, 1))
    lean = random.uniform(-0.03, 0.03)
    yield Shape("box", "#3a2d22", (0.29 + lean, 0.05, 0.73 + lean, 0.97))
    yield Shape("box", "#fbfaf6", (0.28 + lean, 0.03, 0.72 + lean, 0.95))
    yield Shape("text", "#222222", (0.5 + lean, 0.09, 0, 0.05), words=name)
    total, top = 0, 0.2
    for item in random.sample(("CAPPUCCINO", "LATTE", "CROISSANT", "CHEESECAKE", "FILTER 300"), random.randrange(2, 4)):
        price = random.randrange(18, 36) * 10
        total += price
        yield Shape("text", "#333333", (0.42 + lean, top, 0, 0.036), words=item)
        yield Shape("text", "#333333", (0.65 + lean, top, 0, 0.036), words=str(price))
        top += 0.06
    yield Shape("line", "#777777", (0.31 + lean, top, 0.69 + lean, top), thickness=0.003)
    yield Shape("text", "#111111", (0.4 + lean, top + 0.06, 0, 0.05), words="TOTAL")
    yield Shape("text", "#111111", (0.64 + lean, top + 0.06, 0, 0.05), words=str(total))
    for row in range(7):
        for column in range(7):
            if random.random() < 0.5:
                left, up = 0.44 + lean + column / 60, 0.66 + row / 45
                yield Shape("box", "#111111", (left, up, left + 1 / 60, up + 1 / 45))
    yield Shape("ellipse", accent, (0.78, 0.7, 0.98, 0.98))


def _restroom(random: Random, accent: str, _name: str) -> Shapes:
    yield Shape("box", random.choice(("#dfe6e8", "#e8e3da", "#d6dfd6")), (0, 0, 1, 1))
    for tile in range(1, 12):
        yield Shape("line", "#c3cbcc", (tile / 12, 0, tile / 12, 0.8), thickness=0.003)
        yield Shape("line", "#c3cbcc", (0, tile / 12, 1, tile / 12), thickness=0.003)
    yield Shape("box", "#8b8d8f", (0, 0.82, 1, 1))
    yield Shape("box", "#5f6a70", (0.3, 0.08, 0.7, 0.44), 0.01)
    yield Shape("box", "#b8d0d8", (0.315, 0.1, 0.685, 0.42))
    yield Shape("line", "#dcebef", (0.36, 0.38, 0.52, 0.14), thickness=0.012)
    yield Shape("ellipse", "#ffffff", (0.28, 0.52, 0.72, 0.72))
    yield Shape("ellipse", "#cfd6d8", (0.34, 0.545, 0.66, 0.65))
    yield Shape("box", "#9aa0a3", (0.485, 0.46, 0.515, 0.56), 0.005)
    if random.random() < 0.7:
        yield Shape("box", accent, (0.74, 0.46, 0.79, 0.58), 0.01)
    if random.random() < 0.7:
        yield Shape("ellipse", "#f7f5f0", (0.12, 0.5, 0.22, 0.63))
        yield Shape("ellipse", "#a9a49a", (0.155, 0.545, 0.185, 0.585))


def _window(random: Random, accent: str, name: str) -> Shapes:
    yield Shape("box", "#b7c3cb", (0, 0, 1, 0.5))
    yield Shape("box", "#6d6f70", (0, 0.5, 1, 1))
    yield Shape("box", "#cabfae", (0, 0.08, 0.55, 0.86))
    yield Shape("box", accent, (0, 0.08, 0.55, 0.2))
    yield Shape("text", "#fffaf0", (0.27, 0.14, 0, 0.06), words=name)
    yield Shape("box", "#2f3a40", (0.16, 0.3, 0.44, 0.56))
    yield Shape("box", "#f0d9a0", (0.18, 0.32, 0.42, 0.54))
    car = random.choice(("#a33b36", "#2f4f8f", "#e6e2da", "#3f4a3f"))
    yield Shape("box", car, (0.5, 0.6, 1.0, 0.84), 0.04)
    yield Shape("box", car, (0.6, 0.46, 0.92, 0.66), 0.06)
    yield Shape("box", "#20272c", (0.63, 0.49, 0.89, 0.6), 0.03)
    for wheel in (0.56, 0.86):
        yield Shape("ellipse", "#1b1b1b", (wheel, 0.76, wheel + 0.1, 0.9))


def _display(random: Random, accent: str, _name: str) -> Shapes:
    yield Shape("box", "#4a3a2c", (0, 0, 1, 1))
    yield Shape("box", "#dce9ea", (0.04, 0.08, 0.96, 0.92))
    for shelf in range(3):
        bottom = 0.3 + shelf * 0.26
        yield Shape("box", "#8fa3a6", (0.04, bottom, 0.96, bottom + 0.02))
        for place in range(6):
            left = 0.08 + place * 0.145
            if random.random() < 0.85:
                colour = random.choice(("#a8672c", "#d9a441", "#7a3b22", "#f1d9c0", "#b5483a"))
                yield Shape("box", colour, (left, bottom - random.uniform(0.07, 0.14), left + 0.1, bottom), 0.02)
            if random.random() < 0.8:
                yield Shape("box", "#ffffff", (left + 0.01, bottom + 0.025, left + 0.08, bottom + 0.075))
                price = str(random.randrange(12, 42) * 10)
                yield Shape("text", "#333333", (left + 0.045, bottom + 0.05, 0, 0.034), words=price)
    yield Shape("box", accent, (0, 0.94, 1, 1))


def _phone(screen: str) -> Shapes:
    """A telephone on a dark table, on whose screen the rest is drawn: from 0.3 to 0.7, and from 0.06 to 0.94."""
    yield Shape("box", "#33302c", (0, 0, 1, 1))
    yield Shape("box", "#0e0f10", (0.285, 0.02, 0.715, 0.98), 0.04)
    yield Shape("box", screen, (0.3, 0.06, 0.7, 0.94))


def _screen(random: Random, accent: str, name: str) -> Shapes:
    yield from _phone("#fdfcfa")
    yield Shape("box", accent, (0.3, 0.06, 0.7, 0.17))
    yield Shape("text", "#ffffff", (0.5, 0.115, 0, 0.045), words=name)
    for row in range(5):
        top = 0.21 + row * 0.135
        yield Shape(
            "box", random.choice(("#c97b4a", "#7a3b22", "#d9a441", "#9aa98a")), (0.33, top, 0.42, top + 0.1), 0.01
        )
        yield Shape("box", "#565656", (0.44, top + 0.015, random.uniform(0.52, 0.6), top + 0.035))
        yield Shape("box", "#b5b5b5", (0.44, top + 0.055, random.uniform(0.5, 0.58), top + 0.07))
        if random.random() < 0.85:
            yield Shape("text", "#222222", (0.64, top + 0.05, 0, 0.035), words=str(random.randrange(15, 45) * 10))


def _chat(random: Random, accent: str, name: str) -> Shapes:
    yield from _phone("#eef0f2")
    yield Shape("box", "#ffffff", (0.3, 0.06, 0.7, 0.15))
    yield Shape("text", "#333333", (0.5, 0.105, 0, 0.04), words=name)
    top = 0.19
    while top < 0.82:
        mine, height, width = random.random() < 0.5, random.uniform(0.06, 0.13), random.uniform(0.16, 0.27)
        left = 0.68 - width if mine else 0.32
        yield Shape("box", accent if mine else "#ffffff", (left, top, left + width, top + height), 0.02)
        for line in range(int(height / 0.032)):
            edge = left + width * random.uniform(0.5, 0.9)
            colour = "#fff3e0" if mine else "#a8adb2"
            yield Shape("box", colour, (left + 0.015, top + 0.018 + line * 0.03, edge, top + 0.028 + line * 0.03))
        top += height + 0.025


def _bag(random: Random, accent: str, name: str) -> Shapes:
    yield Shape("box", random.choice(("#a7a299", "#98a2a8", "#b5a794")), (0, 0, 1, 1))
    yield Shape("box", "#847f76", (0, 0.8, 1, 1))
    yield Shape("box", "#8f6f49", (0.3, 0.2, 0.72, 0.92))
    yield Shape("box", "#c79c6a", (0.28, 0.18, 0.7, 0.9))
    yield Shape("box", "#b78b59", (0.28, 0.18, 0.7, 0.27))
    yield Shape("ellipse", accent, (0.39, 0.4, 0.59, 0.66))
    yield Shape("text", "#fffaf0", (0.49, 0.53, 0, 0.035), words=name)
    for _ in range(random.randrange(0, 3)):
        left = random.uniform(0.32, 0.6)
        yield Shape("ellipse", "#7a4a26", (left, random.uniform(0.7, 0.82), left + 0.07, 0.88))
    if random.random() < 0.6:
        yield Shape("box", "#fbf7ef", (0.76, 0.52, 0.9, 0.9), 0.01)
        yield Shape("box", accent, (0.75, 0.48, 0.91, 0.54), 0.01)


def _facade(random: Random, accent: str, name: str) -> Shapes:
    evening = random.random() < 0.5
    yield Shape("box", "#3b4a63" if evening else "#b9cfdf", (0, 0, 1, 0.3))
    yield Shape("box", random.choice(("#c7b299", "#a98f7a", "#bcb8b0")), (0, 0.12, 1, 0.86))
    yield Shape("box", "#78756f", (0, 0.86, 1, 1))
    for storey in range(5):
        yield Shape(
            "box", "#e9d9a4" if evening else "#74808a", (0.06 + storey * 0.19, 0.15, 0.17 + storey * 0.19, 0.27)
        )
    yield Shape("box", accent, (0.1, 0.33, 0.9, 0.44), 0.01)
    yield Shape("text", "#fff6dd", (0.5, 0.385, 0, 0.07), words=name)
    glass = "#f3dfa8" if evening else "#8fa6ad"
    yield Shape("box", glass, (0.12, 0.48, 0.42, 0.8))
    yield Shape("box", glass, (0.62, 0.48, 0.88, 0.8))
    yield Shape("box", "#3a2f28", (0.45, 0.46, 0.59, 0.86))
    yield Shape("box", glass, (0.47, 0.49, 0.57, 0.78))
    if random.random() < 0.6:
        yield Shape("box", random.choice(("#b5483a", "#e6d25a")), (0.64, 0.54, 0.72, 0.68))
    for _ in range(random.randrange(0, 3)):
        left = random.uniform(0.05, 0.9)
        yield Shape("ellipse", "#2b2622", (left, 0.66, left + 0.035, 0.72))
        yield Shape("box", random.choice(_WOODS), (left - 0.01, 0.71, left + 0.045, 0.92), 0.02)


def _map(random: Random, accent: str, name: str) -> Shapes:
    yield from _phone("#e8ecdf")
    for _ in range(4):
        top, left = random.uniform(0.1, 0.6), random.uniform(0.32, 0.66)
        yield Shape("line", "#ffffff", (0.3, top, 0.7, top + random.uniform(-0.06, 0.06)), thickness=0.014)
        yield Shape("line", "#ffffff", (left, 0.06, left + random.uniform(-0.03, 0.03), 0.7), thickness=0.012)
    yield Shape("box", "#b9d3e0", (0.3, 0.5, 0.38, 0.7))
    yield Shape("ellipse", "#c5392f", (0.475, 0.3, 0.525, 0.37))
    yield Shape("line", "#c5392f", (0.5, 0.36, 0.5, 0.41), thickness=0.012)
    yield Shape("box", "#ffffff", (0.3, 0.7, 0.7, 0.94))
    yield Shape("text", "#222222", (0.48, 0.75, 0, 0.04), words=name)
    for star in range(5):
        colour = "#e3a91c" if star < random.randrange(3, 6) else "#d7d7d7"
        yield Shape("ellipse", colour, (0.34 + star * 0.035, 0.79, 0.36 + star * 0.035, 0.82))
    yield Shape("box", accent, (0.34, 0.86, 0.5, 0.91), 0.02)


SCENES: Mapping[str, Callable[[Random, str, str], Shapes]] = {
    "bag": _bag,
    "chat": _chat,
    "cup": _cup,
    "display": _display,
    "facade": _facade,
    "map": _map,
    "receipt": _receipt,
    "restroom": _restroom,
    "screen": _screen,
    "table": _table,
    "window": _window,
}

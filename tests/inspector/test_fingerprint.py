"""What a picture looks like in 63 bits: against scipy's cosine transform, and on real cameras' photos."""

import io
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from scipy.fft import dct

from checklists.visits.likeness import ALIKE, MIRROR
from inspector.photo_images import SCREEN, THUMBNAIL, derive, draw_demo_photo, fingerprint, inspect_and_derive
from tests.corpora import pictures

LEAST_BYTES = 60_000
FOUND = 0.9
Change = Callable[[Image.Image], Image.Image]


def derived(photo: bytes, long_edge: int = THUMBNAIL) -> io.BytesIO:
    target = io.BytesIO()
    derive(io.BytesIO(photo), long_edge, target)
    target.seek(0)
    return target


def look(photo: bytes) -> int | None:
    return fingerprint(derived(photo))


def saved(image: Image.Image, quality: int = 88) -> bytes:
    target = io.BytesIO()
    image.convert("RGB").save(target, "JPEG", quality=quality)
    return target.getvalue()


def apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


@pytest.fixture(scope="module")
def photos() -> list[tuple[str, bytes, int]]:
    """Cameras' and telephones' photos from the corpora, JPEG and HEIC, each once: its name, a copy of it, its look."""
    found: dict[int, tuple[str, bytes, int]] = {}
    for picture in pictures():
        if picture.suffix in ("jpg", "heic") and len(picture.content) > LEAST_BYTES and "200MP" not in picture.name:
            seen = look(picture.content)
            assert seen is not None, picture.name
            found.setdefault(seen, (picture.name, derived(picture.content, 800).getvalue(), seen))
    assert len(found) > 15
    return list(found.values())


def cropped(percent: float) -> Change:
    def crop(image: Image.Image) -> Image.Image:
        across, down = image.width * percent / 100, image.height * percent / 100
        return image.crop((round(across), round(down), round(image.width - across), round(image.height - down)))

    return crop


CHANGES: dict[str, Change] = {
    "smaller": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "grey": lambda image: image.convert("L"),
    "cropped by 2 % a side": cropped(2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_photo_is_found_again(change: str, photos: list[tuple[str, bytes, int]]) -> None:
    assert _share_found(photos, CHANGES[change], 0) >= FOUND


def test_a_photo_that_was_saved_poorly_is_found_again(photos: list[tuple[str, bytes, int]]) -> None:
    assert _share_found(photos, lambda image: image, 0, quality=25) == 1


def test_a_thumbnail_of_the_screen_size_looks_like_one_of_the_photo(photos: list[tuple[str, bytes, int]]) -> None:
    """The worker makes the one; earlier releases made the other, and their fingerprints stay."""
    for name, content, _seen in photos:
        _facts, (_screen, thumbnail) = inspect_and_derive(io.BytesIO(content), SCREEN, THUMBNAIL)
        one, other = fingerprint(io.BytesIO(thumbnail)), look(content)
        assert one is not None
        assert other is not None
        assert apart(one, other) <= 2, name


def test_a_mirrored_photo_is_found_by_its_mirrored_fingerprint(photos: list[tuple[str, bytes, int]]) -> None:
    assert _share_found(photos, ImageOps.mirror, MIRROR) == 1


def _share_found(photos: list[tuple[str, bytes, int]], change: Change, mirror: int, quality: int = 88) -> float:
    found = 0
    for _name, content, seen in photos:
        again = look(saved(change(Image.open(io.BytesIO(content))), quality))
        found += again is not None and apart(seen ^ mirror, again) <= ALIKE
    return found / len(photos)


def test_different_photos_are_not_alike(photos: list[tuple[str, bytes, int]]) -> None:
    for (one, _, seen), (other, _, also_seen) in itertools.combinations(photos, 2):
        assert min(apart(seen, also_seen), apart(seen ^ MIRROR, also_seen)) > ALIKE, (one, other)


def test_it_is_the_sign_of_each_wave_of_the_cosine_transform(photos: list[tuple[str, bytes, int]]) -> None:
    """scipy's transform of the same 32 x 32 pixels. A wave of no height may fall to either side."""
    for name, content, _seen in photos:
        seen = look(content)
        assert seen is not None
        grey = Image.open(derived(content)).convert("L").resize((32, 32), Image.Resampling.BOX)
        waves = dct(dct(np.asarray(grey, dtype=float), axis=0), axis=1)[:8, :8].flatten()
        expected = sum(1 << bit for bit, wave in enumerate(waves[1:]) if wave > 0)
        doubtful = sum(1 << bit for bit, wave in enumerate(waves[1:]) if abs(wave) < 1e-6)
        assert (seen ^ expected) & ~doubtful == 0, name
        assert 0 <= seen < 2**63, "a database's signed number holds it"


def flat_pictures() -> Iterator[tuple[str, Image.Image]]:
    yield "black", Image.new("RGB", (1600, 1200))
    yield "white", Image.new("RGB", (1600, 1200), "white")
    yield "all one colour", Image.new("RGB", (1200, 1600), "#7a3b4f")
    noise = np.random.default_rng(7).normal(12, 6, (1200, 1600)).clip(0, 255).astype("uint8")
    yield "a covered lens in the dark", Image.fromarray(noise)
    yield (
        "a wall in the light of one lamp",
        Image.radial_gradient("L").resize((1600, 1200)).point(lambda x: 220 - x / 4),
    )
    yield "the sky", Image.linear_gradient("L").resize((1600, 1200)).point(lambda x: 120 + x / 3)


@pytest.mark.parametrize(("name", "picture"), [pytest.param(*each, id=each[0]) for each in flat_pictures()])
def test_a_picture_with_nothing_in_it_looks_like_nothing(name: str, picture: Image.Image) -> None:
    assert look(saved(picture)) is None


def test_a_page_of_writing_and_a_thing_on_a_plain_table_look_like_something() -> None:
    page = Image.new("L", (1200, 1600), "white")
    draw = ImageDraw.Draw(page)
    for line in range(12):
        draw.text((100, 120 + line * 90), f"Espresso {line} ........ {line * 37} RUB", fill="black", font_size=48)
    table = Image.new("L", (1600, 1200), 190)
    ImageDraw.Draw(table).ellipse((300, 250, 700, 650), fill=60)
    assert look(saved(page)) is not None
    assert look(saved(table)) is not None


def test_drawn_shops_of_different_seeds_and_signs_differ() -> None:
    looks = [look(draw_demo_photo(seed, sign)) for seed, sign in ((1, "Utro"), (3, "Zerno"), (5, "Polden"))]
    for one, other in itertools.combinations(looks, 2):
        assert one is not None
        assert other is not None
        assert apart(one, other) > ALIKE

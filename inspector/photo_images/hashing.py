"""What a picture looks like in 63 bits: a perceptual hash, which the same picture keeps when it is made smaller or
brighter.

After Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), with the sign of each
frequency in place of its side of the median: so the hash of a mirror image follows from the hash itself.
"""

from math import cos, pi
from typing import BinaryIO

from PIL import Image

EDGE, FREQUENCIES = 32, 8
# In levels of grey, of 255. What a covered lens or a bare wall leaves are a few slow waves, and the camera's noise.
FAINT = 1.0
FEWEST_WAVES = 12

_WAVES = [[cos(pi * wave * (2 * place + 1) / (2 * EDGE)) for place in range(EDGE)] for wave in range(FREQUENCIES)]


def fingerprint(picture: BinaryIO) -> int | None:
    """Of a picture that derive() made: bit 8 v + u - 1 is the sign of the wave with u half turns across and v down.

    Two pictures that look alike differ in at most 10 bits or so. None where there is too little to be seen: a covered
    lens is no evidence that another covered lens is the same photo.
    """
    with Image.open(picture, formats=["JPEG"]) as image:
        grey = image.convert("L").resize((EDGE, EDGE), Image.Resampling.BOX).tobytes()
    lines = [grey[start : start + EDGE] for start in range(0, EDGE * EDGE, EDGE)]
    across = [[_amplitude(wave, line) for line in lines] for wave in _WAVES]
    amplitudes = [_amplitude(wave, column) for wave in _WAVES for column in across]
    if sum(abs(each) >= FAINT for each in amplitudes[1:]) < FEWEST_WAVES:
        return None
    return sum((each > 0) << bit for bit, each in enumerate(amplitudes[1:]))


def _amplitude(wave: list[float], values: bytes | list[float]) -> float:
    return sum(map(float.__mul__, wave, map(float, values))) * 2 / EDGE

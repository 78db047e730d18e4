"""What a browser says about itself, in the words in which people know their devices."""

import re

from flask_babel import gettext as _

# The first that fits: others' names stand in nearly every browser's own.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser", "Yandex"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device_in_words(user_agent: str) -> str:
    """Such as “Chrome, Android”."""
    known = [_first_of(BROWSERS, user_agent), _first_of(SYSTEMS, user_agent)]
    return ", ".join(filter(None, known)) or str(_("unknown device"))


def system_of(user_agent: str) -> str:
    """Such as “Android”; nothing where it is not told."""
    return _first_of(SYSTEMS, user_agent)


def browser_of(user_agent: str) -> str:
    """With its version, such as “Chrome 142”; nothing where it is not told."""
    for sign, name in BROWSERS:
        # Safari tells its version elsewhere.
        version = re.search(rf"{'Version' if sign == 'Safari' else sign.rstrip('/')}\w*/(\d+)", user_agent)
        if sign in user_agent:
            return f"{name} {version[1]}" if version else name
    return ""


def _first_of(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for sign, name in names if sign in user_agent), "")

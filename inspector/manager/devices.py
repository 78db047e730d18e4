"""What a browser says about itself, in the words in which people know their devices."""

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
    found = [next((name for sign, name in each if sign in user_agent), "") for each in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or str(_("unknown device"))

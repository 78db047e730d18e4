"""Russian or English: which one this request speaks, and how the texts that people wrote are shown in it."""

from collections.abc import Collection, Mapping
from decimal import Decimal

import flask_login
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, format_percent, get_locale, get_translations

from checklists.scoring import ROUNDING

LANGUAGES = ("ru", "en")
_CATALOGUES: dict[str, Translations | NullTranslations] = {}


def install(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=choose_language)
    # Flask-Babel finds its way to the catalogue anew for each text, which takes an eighth of a page's time.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # Added by jinja2.ext.i18n.
        lambda text: _catalogue().ugettext(text),
        lambda one, many, number: _catalogue().ungettext(one, many, number),
        newstyle=True,
    )
    app.add_template_filter(words)
    app.add_template_filter(score_words)
    app.jinja_env.globals["LANGUAGES"] = LANGUAGES
    app.add_template_global(current_language)


def choose_language() -> str:
    """What the person chose on this browser, else in their account, else what the browser asks for."""
    if not has_request_context():
        return "en"
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    someone = flask_login.current_user
    if someone.is_authenticated:
        return str(someone.user.language)
    return request.accept_languages.best_match(LANGUAGES) or "en"


def _catalogue() -> Translations | NullTranslations:
    language = current_language()
    if language not in _CATALOGUES:
        _CATALOGUES[language] = get_translations()
    return _CATALOGUES[language]


def current_language() -> str:
    locale = get_locale()
    return locale.language if locale else "en"


def words(text: Mapping[str, str] | None) -> str:
    """A language map in the reader's language, else in the project's default, else in any."""
    if not text:
        return ""
    project = g.get("project")
    for language in (current_language(), project.languages[0] if project else ""):
        if text.get(language):
            return text[language]
    return next((each for each in text.values() if each), "")


def score_words(share: float, limits: Collection[float] | None) -> str:
    """A score in per cent, with as many decimals as it takes to stay on its side of each zone's limit.

    A yellow check at 89.6 % must not read as 90 %, from where it would be green.
    """
    for digits in range(4):
        shown = Decimal(str(share)).quantize(Decimal(10) ** -(2 + digits))
        if all((share >= limit - ROUNDING) == (float(shown) >= limit - ROUNDING) for limit in limits or ()):
            break
    locale = get_locale()
    assert locale is not None
    pattern = str(locale.percent_formats[None].pattern)
    return str(format_percent(shown, pattern.replace("0", f"0.{'0' * digits}", 1) if digits else None))

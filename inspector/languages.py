"""Russian or English: which one this request speaks, and how the texts that people wrote are shown in it."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import flask_login
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, format_percent, get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from checklists.scoring import ROUNDING

LANGUAGES = ("ru", "en")
_CATALOGUES: dict[str, Translations | NullTranslations] = {}


def install(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=choose_language)
    # Those that Jinja and Flask-Babel bring take a fifth of a page's time: for each text they copy the loop's names and
    # find their way to the catalogue anew.
    app.jinja_env.globals.update(_=_in_template, ngettext=_number_in_template)
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


@pass_eval_context
def _in_template(evaluated: EvalContext, text: str, /, **named: Any) -> str:
    return _filled(evaluated, _catalogue().ugettext(text), named)


@pass_eval_context
def _number_in_template(evaluated: EvalContext, one: str, many: str, number: int, /, **named: Any) -> str:
    return _filled(evaluated, _catalogue().ungettext(one, many, number), {"num": number, **named})


def _filled(evaluated: EvalContext, text: str, named: Mapping[str, Any]) -> str:
    """The text with what it names put in, which is escaped where a page is written."""
    return (Markup(text) if evaluated.autoescape else text) % named


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
    if own := text.get(current_language()):
        return own
    project = g.get("project")
    if project and (default := text.get(project.languages[0])):
        return default
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

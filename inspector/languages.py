"""Russian or English: which one this request speaks, and how the texts that people wrote are shown in it."""

from collections.abc import Mapping

import flask_login
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, get_locale

LANGUAGES = ("ru", "en")


def install(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=choose_language)
    app.add_template_filter(words)
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

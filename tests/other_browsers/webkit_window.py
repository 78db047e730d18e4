"""A window with one page of WebKitGTK that WebKitWebDriver may drive: `webkit_window.py WIDTH HEIGHT [FOLDER]`.

What the page keeps lies in the folder and is there at the next start; without a folder the window is a private one.
(WebKit's own MiniBrowser is always private when it is driven.) Debian's Python runs this, nothing else of the tests.
"""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402 - The versions must be said before.


def main() -> None:
    width, height, *folder = sys.argv[1:]
    context = WebKit2.WebContext.new_with_website_data_manager(keeper(folder))
    for place in folder:
        kept = WebKit2.CookiePersistentStorage.SQLITE
        context.get_cookie_manager().set_persistent_storage(f"{place}/cookies", kept)
    context.set_automation_allowed(True)
    context.set_preferred_languages(["en-GB"])
    window = Gtk.Window(decorated=False)
    window.set_default_size(int(width), int(height))
    window.connect("destroy", Gtk.main_quit)
    context.connect("automation-started", lambda _context, session: drive(session, context, window))
    Gtk.main()


def keeper(folder: list[str]) -> WebKit2.WebsiteDataManager:
    if not folder:
        return WebKit2.WebsiteDataManager.new_ephemeral()
    return WebKit2.WebsiteDataManager(base_data_directory=folder[0], base_cache_directory=folder[0])


def drive(session: WebKit2.AutomationSession, context: WebKit2.WebContext, window: Gtk.Window) -> None:
    """Give the driver the one page of this window."""
    told = WebKit2.ApplicationInfo.new()
    told.set_name("webkit_window")
    session.set_application_info(told)

    def page(_session: WebKit2.AutomationSession) -> WebKit2.WebView:
        # Nobody has a graphics card here.
        settings = WebKit2.Settings(hardware_acceleration_policy=WebKit2.HardwareAccelerationPolicy.NEVER)
        view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True, settings=settings)
        window.add(view)
        window.show_all()
        return view

    session.connect("create-web-view", page)


main()

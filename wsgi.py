"""For a WSGI server of your own: `gunicorn wsgi:app`. `inspector serve` does the same with migrations, jobs and
demo.
"""

from inspector import create_app, logs
from inspector.settings import Settings

logs.configure()
app = create_app(Settings.from_environment())

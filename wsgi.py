"""For a WSGI server of your own: `gunicorn wsgi:app`. `inspector serve` does the same with migrations, jobs and
demo.
"""

from inspector import create_app
from inspector.settings import Settings

app = create_app(Settings.from_environment())

from flask import Blueprint

blueprint = Blueprint("export_visits", __name__, url_prefix="/o/<organization>/<project>/exports")

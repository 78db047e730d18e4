from flask import Blueprint

blueprint = Blueprint("export_answers", __name__, url_prefix="/o/<organization>/<project>/exports")

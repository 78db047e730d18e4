from flask import Blueprint

blueprint = Blueprint("visits", __name__, url_prefix="/o/<organization>/<project>/visits")

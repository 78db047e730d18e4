from flask import Blueprint

blueprint = Blueprint("waves", __name__, url_prefix="/o/<organization>/<project>/waves")

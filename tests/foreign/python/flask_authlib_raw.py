"""A Flask API guarded with Authlib from 1.7 on, where the validator takes the JWKS as it is."""

import json
import sys
from urllib.request import urlopen

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc7523 import JWTBearerTokenValidator
from flask import Flask, jsonify

from serving import serve


class RealmTokenValidator(JWTBearerTokenValidator):
    def __init__(self, issuer):
        certificates = urlopen(f"{issuer}/protocol/openid-connect/certs")
        super().__init__(json.loads(certificates.read()))
        self.claims_options = {"exp": {"essential": True}, "iss": {"essential": True, "value": issuer}}


require_auth = ResourceProtector()
require_auth.register_token_validator(RealmTokenValidator(sys.argv[1]))
app = Flask(__name__)


@app.route("/public")
def public():
    return jsonify(message="for everybody")


@app.route("/private")
@require_auth(None)
def private():
    return jsonify(message="for those with a token")


@app.route("/scoped")
@require_auth("test_api_access")
def scoped():
    return jsonify(message="for those with the scope")


@app.route("/either")
@require_auth(["test_api_access", "nobody:has-this"])
def either():
    return jsonify(message="for those with one of the scopes")


serve(app)

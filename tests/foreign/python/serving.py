"""Serves a Flask application on a free port, and says which."""

from werkzeug.serving import make_server


def serve(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print("port", server.server_port, flush=True)
    server.serve_forever()

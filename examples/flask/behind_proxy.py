"""The same orders API behind the guard: whoever gets here may, and a header says who it is.

It listens on loopback alone: what reaches it without the guard is believed too.
"""

import os

from flask import Flask, jsonify, request
from waitress import serve

orders = [{"id": 1, "item": "tea"}]
app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/orders")
def read():
    return jsonify(orders=orders, caller=request.headers["X-Auth-Client"])


@app.post("/orders")
def write():
    orders.append({"id": len(orders) + 1, "item": request.get_json()["item"]})
    return jsonify(orders[-1]), 201


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(os.environ.get("PORT", "5000")))

"""The same orders API behind the guard: whoever gets here may, and a header says who it is.

It listens on loopback alone: what reaches it without the guard is believed too.
"""

import os
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

orders = [{"id": 1, "item": "tea"}]
app = FastAPI()


class Order(BaseModel):
    item: str


@app.get("/health", response_class=PlainTextResponse)
def health():
    return "ok"


@app.get("/orders")
def read(x_auth_client: Annotated[str, Header()]):
    return {"orders": orders, "caller": x_auth_client}


@app.post("/orders", status_code=201)
def write(order: Order):
    orders.append({"id": len(orders) + 1, "item": order.item})
    return orders[-1]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "5000")))

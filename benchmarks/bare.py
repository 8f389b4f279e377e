"""A bare FastAPI app, as a process of its own: what accepting a POST of 1 KB of JSON costs when nothing is kept.

Run by `limits`; its first line on stdout is its address. uvicorn is told what `zapwerk serve` tells it.
"""

import socket
import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

BACKLOG = 2048

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.post("/hooks/{token}")
async def accept(token: str, request: Request) -> JSONResponse:
    """Reads, and says that it did."""
    body = await request.json()
    return JSONResponse({"token": token, "id": body["id"]}, 202)


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False
    )
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

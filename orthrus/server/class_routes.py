"""The classes' HTTP: one address per act below /gradio_api/class/, and a stream of server-sent events per screen.

Every address has ?class=CODE, by which a proxy keeps a class on one replica. The teacher's token comes in a header,
never in an address, which logs would keep.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from orthrus.errors import OrthrusError
from orthrus.server.classes import Classes, NoSuchClass, NotTheTeacher, Seat
from orthrus.server.limits import LimitExceeded
from orthrus.server.request_filter import CLASS
from orthrus.server.updates import sentence

TOKEN = "x-class-token"
BODY_BYTES = 2048
BEAT_S = 15.0  # a silent stream says this often that it lives: proxies and pages give up on dead ones
UNSTORED = {"cache-control": "no-store", "x-accel-buffering": "no"}


Words = Callable[[OrthrusError, Request], str]


def plain(error: OrthrusError, request: Request) -> str:
    return sentence(str(error))


def refused(error: OrthrusError, detail: str) -> JSONResponse:
    kinds = {NoSuchClass: 404, NotTheTeacher: 403, LimitExceeded: 429}
    status = next((status for kind, status in kinds.items() if isinstance(error, kind)), 400)
    return JSONResponse({"detail": detail, "code": error.code}, status, UNSTORED)


async def body_of(request: Request) -> dict[str, Any]:
    body = await request.body()
    if len(body) > BODY_BYTES:
        raise OrthrusError("message-too-long", f"the message has {len(body)} bytes, a class takes {BODY_BYTES}")
    value = json.loads(body or b"{}")
    if not isinstance(value, dict):
        raise OrthrusError("wrong-type", "the message must be an object")
    return value


class ClassRoutes:
    def __init__(self, classes: Classes, words: Words = plain) -> None:
        """`words` says an error to who asked."""
        self.classes, self.words = classes, words

    def routes(self) -> list[Route]:
        post = Route(f"{CLASS}{{act}}", self.act, methods=["POST"])
        return [Route(f"{CLASS}follow", self.follow), Route(f"{CLASS}film", self.film), post]

    async def act(self, request: Request) -> Response:
        """What a teacher or a pupil does: open, show, ask, tell, end; answer."""
        code, token = request.query_params.get("class", ""), request.headers.get(TOKEN, "")
        try:
            said = self.does(request.path_params["act"], code, token, await body_of(request), address_of(request))
        except OrthrusError as error:
            return refused(error, self.words(error, request))
        return JSONResponse(said, headers=UNSTORED)

    def does(self, act: str, code: str, token: str, body: dict[str, Any], address: str) -> dict[str, Any]:
        if act == "open":
            return {"token": self.classes.open(code, address)}
        if act == "show":
            self.classes.show(code, token, body)
        elif act == "ask":
            self.classes.ask(code, token, body.get("n"), body.get("cycle"))
        elif act == "tell":
            self.classes.tell(code, token, body.get("shown") is True)
        elif act == "end":
            self.classes.end(code, token)
        elif act == "answer":
            self.classes.answer(code, str(body.get("pupil")), body.get("number"), body.get("guess"))
        else:
            raise OrthrusError("unknown-choice", "there is no such act in a class")
        return {}

    async def film(self, request: Request) -> Response:
        try:
            packed = self.classes.film(request.query_params.get("class", ""), request.query_params.get("run", ""))
        except OrthrusError as error:
            return refused(error, self.words(error, request))
        return Response(packed, media_type="application/json", headers={**UNSTORED, "content-encoding": "gzip"})

    async def follow(self, request: Request) -> Response:
        """The stream of one screen; with the token it is the teacher's."""
        asked = request.query_params
        code, pupil, token = asked.get("class", ""), asked.get("pupil", ""), request.headers.get(TOKEN, "")
        try:
            self.classes.admit(code, address_of(request), token, pupil)
        except OrthrusError as error:
            return refused(error, self.words(error, request))
        key = "" if token else pupil if 0 < len(pupil) <= 32 else secrets.token_urlsafe(12)
        return StreamingResponse(self.stream(code, key), media_type="text/event-stream", headers=UNSTORED)

    async def stream(self, code: str, pupil: str) -> AsyncIterator[str]:
        """The pupil's key, then the state of the class whenever it changes, and its end."""
        news, loop = asyncio.Event(), asyncio.get_running_loop()
        seat = Seat(pupil, lambda: loop.call_soon_threadsafe(news.set))
        room = self.classes.sit(code, seat)
        try:
            yield event("seat", json.dumps({"pupil": pupil}))
            last = ""
            while (told := self.classes.told(room, seat)) is not None:
                if seat.replaced:
                    return
                yield event("state", told) if told != last else ": it lives\n\n"
                last = told
                try:
                    await asyncio.wait_for(news.wait(), BEAT_S)
                except asyncio.TimeoutError:
                    continue
                news.clear()
            yield event("ended", "{}")
        finally:
            self.classes.leave(room, seat)


def event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""

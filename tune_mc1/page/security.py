"""Who may talk to the page's server: those who know its token, and no page of another origin."""

import hmac
import ipaddress
import platform
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Guard:
    """What a request must have to be answered.

    Args:
        token: The secret in the page's address.
        host: Name or address on which the server listens.
    """

    token: str
    host: str

    def refuses(self, request: web.Request) -> str | None:
        """Why a request is refused; None if it is not."""
        if not self._is_our_name(request.host):
            return f"the host {request.host!r} is not this server's"
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
            return "requests from pages of another origin are not answered"
        api = request.path.startswith("/api/")
        if api and request.headers.get("Sec-Fetch-Site", "same-origin") not in SAME_SITE:
            return "requests from pages of another origin are not answered"
        if request.path.startswith("/assets/"):  # code without data, the same for everyone
            return None
        # A page of another origin cannot send this header, so that a stolen visit changes nothing.
        given = request.headers.get("X-Token") if api else request.query.get("token")
        if not hmac.compare_digest((given or "").encode(), self.token.encode()):
            return "the token is wrong; use the address that the command printed"
        return None

    def _is_our_name(self, host: str) -> bool:
        """Whether a request's host names this server.

        A page of a foreign name whose address was changed to ours would otherwise count as ours.
        """
        name = (urlsplit(f"//{host}").hostname or "").lower()
        if name in LOOPBACK:
            return True
        if self.host in LOOPBACK:
            return False
        return _is_address(name) or name in {self.host.lower(), *_own_names()}


SAME_SITE = ("same-origin", "none")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache  # a name server may take seconds
def _own_names() -> frozenset[str]:
    return frozenset({platform.node().lower(), socket.getfqdn().lower()})


def guarded(guard: Guard, answered: Callable[[], None]) -> Middleware:
    """Middleware that refuses what the guard refuses, and adds the headers to every answer.

    Args:
        guard: Who is answered.
        answered: Called whenever somebody is.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        reason = guard.refuses(request)
        if reason is not None:
            return web.json_response({"error": reason}, status=403, headers=HEADERS)
        answered()
        try:
            response = await handler(request)
        except web.HTTPException as error:  # no such path, or a method that it does not take
            text = {"error": f"{request.method} {request.path}: {error.reason.lower()}"}
            return web.json_response(text, status=error.status, headers=HEADERS)
        response.headers.update(HEADERS)
        return response

    return middleware

"""Compression of visitors' pages, and of nothing else that is made for a request.

BREACH (2013) reads a secret out of the length of a compressed answer that also repeats what an attacker sent.
What a visitor's page has of secrets is Django's CSRF token, which is masked anew in each answer, and Django's
padding of random length comes on top. The admin shows people's words beside what is searched for, and the API
answers with tokens and transcripts: those go as they are.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from greenroom.http import places
from sessions_app.async_middleware import AsyncMiddleware


class PageCompression(AsyncMiddleware):
    """Middleware: gzip for HTML outside of the admin; some tenths of a millisecond on the loop."""

    _gzip = GZipMiddleware(lambda _request: HttpResponse())

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        html = response.headers.get("Content-Type", "").startswith("text/html")
        if (
            html
            and isinstance(response, HttpResponse)
            and not request.path.startswith((places.desk(), places.api()))
        ):
            return self._gzip.process_response(request, response)
        return response

"""What every answer says to the browser besides the CSP, and whose address a request came from."""
from django.conf import settings
from django.http import HttpResponseNotAllowed
from django.template.loader import render_to_string


def headers(get_response):
    """Pages are kept by no cache and by no history (TRUST T3), unless the view has said otherwise.

    Who opens the address of an act (after signing in again, say) gets a page with a way on; Django's own answer is empty.
    """
    def middleware(request):
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = render_to_string("405.html")
            response.headers["Content-Length"] = str(len(response.content))          # CommonMiddleware has counted nought
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
        return response
    return middleware


def client_address(request):
    """The caller's address; what a proxy forwarded is believed only with BEHIND_PROXY, and only its own, last word."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")

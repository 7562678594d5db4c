"""What every answer says to the browser besides the CSP, and whose address a request came from."""
from django.conf import settings


def headers(get_response):
    """Pages are kept by no cache and by no history (TRUST T3), unless the view has said otherwise."""
    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
        return response
    return middleware


def client_address(request):
    """The caller's address; what a proxy forwarded is believed only with BEHIND_PROXY, and only its own, last word."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")

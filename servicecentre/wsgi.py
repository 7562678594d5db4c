"""The door for a WSGI server; it does not open while a start check finds an error."""
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicecentre.settings")
application = get_wsgi_application()

from servicecentre import checks  # noqa: E402
from servicecentre.kit.bodies import whole_bodies  # noqa: E402

checks.refuse_unless_sound()
application = whole_bodies(application)

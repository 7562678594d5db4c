"""A form with files in several places, each for its own purpose: judged while the form is, all kept while its act runs."""
from django import forms
from django.core.exceptions import ValidationError

from servicecentre.kit import store

from . import scanning, storing
from .forms import AGAIN
from .models import File


class SeveralFilesMixin(forms.Form):
    """Beside DeskForm, with FilesFields named in ``file_fields``; in ``cleaned_data`` each is a list of Ready for the act.

    ``identity_fields`` hold identity papers, which are stamped with ``identity_purpose`` and ``centre`` and kept encrypted.
    """

    file_fields = ()
    identity_fields = ()
    identity_purpose = centre = ""

    def clean(self):
        clean = super().clean()
        self.uploaded = [name for name in self.file_fields if clean.get(name)]
        for name in self.uploaded:
            clean[name] = self._judged(name, clean[name])
        return clean

    def _judged(self, name, uploads):
        ready, identity = [], name in self.identity_fields
        more = {"kind": File.Kind.IDENTITY, "purpose": self.identity_purpose, "centre": self.centre} if identity else {}
        for upload in uploads:
            try:
                ready.append(storing.read(upload, **more))
            except scanning.Silent as silent:             # it would be as silent over the next one
                self.add_error(name, silent)
                break
            except ValidationError as error:
                self.add_error(name, error)
        return ready

    def perform(self, act, *args, by, **more):
        if not self.is_valid():
            return self._say_again()
        result = None
        try:
            with storing.kept([file for name in self.uploaded for file in self.cleaned_data[name]]):
                result = super().perform(act, *args, by=by, **more)
        except store.Silent as silent:
            self.add_error(self.uploaded[0] if self.uploaded else None, silent)
        return self._say_again() if result is None else result

    def _say_again(self):
        """A browser never sends a chosen file twice by itself."""
        for name in getattr(self, "uploaded", ()):
            if name not in self.errors:
                self.add_error(name, AGAIN)

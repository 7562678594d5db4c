"""A form's part for files: chosen or photographed, judged while the form is, kept while its act runs."""
from django import forms
from django.core.exceptions import ValidationError

from servicecentre.kit import store

from . import scanning, storing

ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif,application/pdf"
AGAIN = "文件没有存，请重新选"


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Any number of files up to MOST_FILES, as a list of uploads; what is in them is judged by the form."""

    widget = ManyFiles

    def __init__(self, **options):
        options.setdefault("error_messages", {}).update(required="请选择文件或拍照", invalid="请选择文件", missing="请选择文件")
        super().__init__(allow_empty_file=True, **options)
        self.widget.attrs.update({"accept": ACCEPT, "data-camera": ""})

    def clean(self, data, initial=None):
        uploads = data if isinstance(data, (list, tuple)) else [data] if data else []
        if not uploads and self.required:
            raise ValidationError(self.error_messages["required"])
        if len(uploads) > storing.MOST_FILES:
            raise ValidationError(f"一次最多 {storing.MOST_FILES} 个文件，现在 {len(uploads)} 个")
        return [super(FilesField, self).clean(upload) for upload in uploads]


class FilesMixin(forms.Form):
    """Beside DeskForm: `class RemarkForm(FilesMixin, DeskForm)`, made with request.FILES; its act takes ``files=`` and hands them to
    `storing.add_files`. Show it by `{% include "files/_attach.html" %}` or in a layout; the form tag needs enctype multipart.
    """

    files = FilesField(label="附件", required=False)

    def ready(self, upload):
        """One upload judged and made safe; a form with a kind and a purpose, which stand before `files`, hands them on here."""
        return storing.read(upload)

    def clean_files(self):
        self.uploaded = self.cleaned_data["files"]
        ready, wrong = [], []
        for upload in self.uploaded:
            try:
                ready.append(self.ready(upload))
            except scanning.Silent:                       # it would be as silent over the next one
                raise
            except ValidationError as error:
                wrong += error.messages
        if wrong:
            raise ValidationError(wrong)
        return ready

    def perform(self, act, *args, by, **more):
        if not self.is_valid():
            self._say_again()
            return None
        result = None
        try:
            with storing.kept(self.cleaned_data["files"]):
                result = super().perform(act, *args, by=by, **more)
        except store.Silent as silent:                    # the act's own refusals are told by now
            self.add_error("files", silent)
        if result is None:
            self._say_again()
        return result

    def _say_again(self):
        """A browser never sends a chosen file twice by itself."""
        if getattr(self, "uploaded", None) and "files" not in self.errors:
            self.add_error("files", AGAIN)

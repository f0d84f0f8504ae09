"""The page on which a sheet is handed in: what it must hold, what became of each row."""

from django import forms
from django.shortcuts import render

from hotline.errors import DomainError
from hotline.services.sheets import LARGEST

SHOWN_REJECTS = 200


class SheetForm(forms.Form):
    file = forms.FileField(
        label="文件",
        max_length=200,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.json,.geojson"}),
        error_messages={"required": "请选择文件。", "invalid": "请选择文件。", "max_length": "文件名太长，请改短。"},
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError("文件超过 20 兆字节，请分成几个。")
        return file


def sheet_page(request, *, title, about, columns, needed, take, back, also=""):
    """`take(name, content)` brings the file in and returns what became of it; `back`: (address, words)."""
    form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
    result = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            result = take(file.name, file.read())
        except DomainError as refused:
            form.add_error("file", str(refused))
    return render(
        request,
        "channels_merge/sheet.html",
        {
            "form": form,
            "title": title,
            "about": about,
            "columns": [(heading, ours in needed) for ours, heading in columns.items()],
            "also": also,
            "back": back,
            "result": result,
            "rejects": result.rejects[:SHOWN_REJECTS] if result else (),
        },
        status=422 if form.errors else 200,
    )

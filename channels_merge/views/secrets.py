"""How a key of a partner is handed out: asked once, shown once."""

from django import forms
from django.shortcuts import render

from hotline.views.dialogs import act_dialog


def secret_dialog(request, *, title, is_renewed):
    hint = "新密钥只显示这一次，旧的立即失效。" if is_renewed else "密钥只显示这一次，请当面或加密交给对方。"
    return act_dialog(request, title=title, form=forms.Form(), verb="发放", hint=hint)


def secret_shown(request, *, title, code, secret, how, back):
    """The answer to the post that issued it, in the dialog or on a page that leads `back`.

    `code`, `how`: (label, text) of whose it is and of how it is used.
    """
    (code_label, code), (how_label, how) = code, how
    template = "channels_merge/secret.html" if request.htmx else "channels_merge/secret_page.html"
    context = {"title": title, "code_label": code_label, "code": code, "secret": secret, "back": back}
    return render(request, template, context | {"how_label": how_label, "how": how})

"""Log-in, unlocking and passwords: the shape of the input and the sentences for what is wrong with it."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator

from hotline import parameters, services
from hotline.models import User

LONGEST_NAME = User._meta.get_field("username").max_length


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "工号或密码不对。连续输错 %(failures)s 次将锁定 %(minutes)s 分钟。",
        "inactive": "该账号已停用，请联系系统管理员。",
    }

    def __init__(self, *args, at, **kwargs):
        super().__init__(*args, **kwargs)
        self.at = at
        self.fields["username"].label = "工号"
        self.fields["username"].error_messages["required"] = "请填写工号。"
        # The framework says it to browsers alone.
        self.fields["username"].validators.append(
            MaxLengthValidator(LONGEST_NAME, f"工号最多 {LONGEST_NAME} 个字符。")
        )
        self.fields["password"].label = "密码"
        self.fields["password"].error_messages["required"] = "请填写密码。"
        if self.data.get(self.add_prefix("username")):
            # Whoever mistyped the password has it to type again, not the number.
            del self.fields["username"].widget.attrs["autofocus"]
            self.fields["password"].widget.attrs["autofocus"] = True

    def get_invalid_login_error(self):
        return forms.ValidationError(
            self.error_messages["invalid_login"],
            code="invalid_login",
            params={
                "failures": parameters.integer("lock_failures", at=self.at),
                "minutes": parameters.integer("lock_minutes", at=self.at),
            },
        )


def _is_password_of(user, password, request) -> bool:
    """A wrong one counts as a failed log-in: nobody guesses on at a page that somebody left open."""
    return authenticate(request, username=user.username, password=password) == user


class UnlockForm(forms.Form):
    password = forms.CharField(
        label="密码",
        strip=False,
        error_messages={"required": "请填写密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args, user, request=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_password(self):
        password = self.cleaned_data["password"]
        if not _is_password_of(self.user, password, self.request):
            raise forms.ValidationError("密码不对。")
        return password


class PasswordForm(forms.Form):
    old_password = forms.CharField(
        label="现在的密码",
        strip=False,
        error_messages={"required": "请填写现在的密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    new_password1 = forms.CharField(
        label="新密码",
        strip=False,
        error_messages={"required": "请填写新密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password2 = forms.CharField(
        label="再输一遍新密码",
        strip=False,
        error_messages={"required": "请再输一遍新密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user, at, request=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.at, self.request = user, at, request

    def clean_old_password(self):
        password = self.cleaned_data["old_password"]
        if not _is_password_of(self.user, password, self.request):
            raise forms.ValidationError("现在的密码不对。")
        return password

    def clean(self):
        data = super().clean()
        first, second = data.get("new_password1"), data.get("new_password2")
        if first and second and first != second:
            self.add_error("new_password2", "两次输入的新密码不一样。")
        elif first and second and "old_password" in data:
            try:
                services.check_new_password(user=self.user, password=first, at=self.at)
            except services.PasswordRefused as refused:
                self.add_error("new_password1", str(refused))
        return data

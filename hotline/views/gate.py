"""Who may open a page that is no ticket's."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from hotline.rights import has_right


def needs(*permissions):
    """Any of these permissions opens the page; else 403."""

    def wrap(view):
        @wraps(view)
        def checked(request, *args, **kwargs):
            at = timezone.now()
            if not any(has_right(request.user, permission, at) for permission in permissions):
                raise PermissionDenied("您的岗位没有这项权限。")
            return view(request, *args, **kwargs)

        return checked

    return wrap

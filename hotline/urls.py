"""Pages of this room; included by config.urls."""

from django.urls import path

from hotline.views import accounts, notices

app_name = "hotline"
urlpatterns = [
    path("login/", accounts.login, name="login"),
    path("logout/", accounts.logout, name="logout"),
    path("lock/", accounts.lock, name="lock"),
    path("unlock/", accounts.unlock, name="unlock"),
    path("session/state", accounts.session_state, name="session-state"),
    path("account/password/", accounts.password, name="password"),
    path("notices/", notices.notices, name="notices"),
    path("notices/poll", notices.notices_bell, name="notices-bell"),
    path("notices/read/", notices.notices_read, name="notices-read"),
]

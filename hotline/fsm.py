"""A protected state field whose `refresh_from_db` is safe in threads.

django-fsm-2 lifts the protection on the *class's* field while it reloads one instance: another thread may then meet a
field that is open, and a reload that fails leaves it open for the whole process. Here the instance itself says that it is
being reloaded, and stops saying so whatever happens.
"""

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMField, FSMFieldDescriptor

_RELOADING = "_state_is_reloading"


class _ProtectedState(FSMFieldDescriptor):
    def __set__(self, instance, value):
        is_loaded = self.field.name in instance.__dict__
        is_reloading = instance.__dict__.get(_RELOADING, False)
        if self.field.protected and is_loaded and not is_reloading:
            raise AttributeError(f"{self.field.name} 只能经由流转动作修改。")
        self.field.set_proxy(instance, value)
        self.field.set_state(instance, value)


class StateField(FSMField):
    """The state of a machine; only a transition changes it when `protected=True`."""

    descriptor_class = _ProtectedState


class StateModel(ConcurrentTransitionMixin, models.Model):
    """Saving after a transition fails with `ConcurrentTransition` if another writer moved the state first."""

    class Meta:
        abstract = True

    def refresh_from_db(self, *args, **kwargs):
        self.__dict__[_RELOADING] = True
        try:
            # Past the mixin on purpose: its own refresh is the one that touches the class's field.
            models.Model.refresh_from_db(self, *args, **kwargs)
        finally:
            del self.__dict__[_RELOADING]
        self._update_initial_state()

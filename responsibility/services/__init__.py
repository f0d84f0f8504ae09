"""Writes of the room. A published list never changes; the memory of routing is only added to, without personal data."""

from responsibility.services.loading import Loaded, load_duty_list
from responsibility.services.memory import record_outcome

__all__ = ["Loaded", "load_duty_list", "record_outcome"]

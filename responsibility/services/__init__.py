"""Writes of the room. A published list never changes; the memory of routing is only added to, without personal data."""

from responsibility.services.loading import Loaded, load_duty_list
from responsibility.services.memory import forget_words, record_outcome
from responsibility.services.succession import pass_on_governance

__all__ = ["Loaded", "forget_words", "load_duty_list", "pass_on_governance", "record_outcome"]

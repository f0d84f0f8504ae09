"""The learner: rows of (topic, text, label) in, a model that says how probable each label is out. Pure: no database, no clock.

docs/adr/0010-routing-learner.md says what was tried.
"""

from responsibility.learning.examples import Example, UnreadableExamples, read_examples
from responsibility.learning.model import Answer, Model, NothingToLearn, learn
from responsibility.learning.report import Report, cross_validate, score

__all__ = [
    "Answer",
    "Example",
    "Model",
    "NothingToLearn",
    "Report",
    "UnreadableExamples",
    "cross_validate",
    "learn",
    "read_examples",
    "score",
]

"""The learner: rows of (topic, text, label) in, a model that says how probable each label is out. Pure: no database, no clock.

docs/adr/0010-routing-learner.md says what was tried.
"""

from responsibility.learning.calibration import reliability
from responsibility.learning.examples import Example, UnreadableExamples, read_examples
from responsibility.learning.mixing import Case, Mix, chances, fit_mix
from responsibility.learning.model import MOST_LABELS, Answer, Model, NothingToLearn, Precedent, learn
from responsibility.learning.report import Report, cross_validate, score

__all__ = [
    "MOST_LABELS",
    "Answer",
    "Case",
    "Example",
    "Mix",
    "Model",
    "NothingToLearn",
    "Precedent",
    "Report",
    "UnreadableExamples",
    "chances",
    "cross_validate",
    "fit_mix",
    "learn",
    "read_examples",
    "reliability",
    "score",
]

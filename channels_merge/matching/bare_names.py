"""Names that a file teaches: what some of its messages call 翠竹苑小区 others call 翠竹苑. Pure.

`names` knows a name by how it ends. Over a whole file the three characters before an ending are known wherever they stand.
"""

from collections import Counter
from typing import Final

import numpy as np

from channels_merge.matching.grams import Ids
from channels_merge.matching.names import before_endings, is_rare
from channels_merge.matching.profiles import LONGEST, Floats, Profiles
from channels_merge.matching.scoring import names_differ
from hotline import bigrams

TAUGHT: Final = 3
"""How many messages say the name with an ending: fewer may be any words before 路."""


def named_apart(profiles: Profiles, left: Ids, right: Ids) -> Floats:
    """1 where both open by a name that the file teaches and neither's are anywhere in the other."""
    known = np.isin(profiles.ids, _taught(profiles)) & is_rare(profiles.weights)
    return names_differ(profiles.openings[:, known], profiles.texts[:, known], left, right)


def _taught(profiles: Profiles) -> list[int]:
    often: Counter[int] = Counter()
    for message in profiles.messages:
        parts = (message.heading, message.text[:LONGEST])
        often.update({name for part in parts for name in before_endings(bigrams.normalise(part))})
    return [name for name, times in often.items() if times >= TAUGHT]

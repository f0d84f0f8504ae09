r"""并单: which messages report the same matter. Arithmetic on texts, times and codes; knows no rows and no Django.

    background = Background.of(matters)            # once, one text per matter; stored by whoever owns the pool
    ids = grams(f"{title}\n{text}")                # what a candidate index stores
    profiles = Profiles.of([new, *found], background)
    chances = probabilities(profiles, left, right) # pairs of row numbers
    said = explain(new, found[0], background)      # why, in words; said.may_link guards linking by itself
    numbers = cluster(messages, background)        # the matters of many messages at once

docs/adr/0007-merging-engine.md has the figures behind the choices.
"""

from channels_merge.matching.background import Background
from channels_merge.matching.clustering import cluster, find_matters
from channels_merge.matching.explaining import Explanation, explain
from channels_merge.matching.grams import grams
from channels_merge.matching.profiles import Message, Profiles
from channels_merge.matching.scoring import FEATURES, pair_features, probabilities

__all__ = [
    "FEATURES",
    "Background",
    "Explanation",
    "Message",
    "Profiles",
    "cluster",
    "explain",
    "find_matters",
    "grams",
    "pair_features",
    "probabilities",
]

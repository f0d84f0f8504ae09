"""What the bench says of a proposal that does not go by itself."""

import pytest

from hotline.services import set_parameter
from responsibility.selectors.going import why_not_by_itself
from responsibility.selectors.suggesting import Candidate
from tests.factories.hotline import UnitFactory, load_rules
from tests.factories.tickets import NOW, make_item

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("limit", "confidence", "margin", "said"),
    [
        ("0.95", 0.95, 0.1, []),
        ("0.95", 0.94996, 0.5, ["把握 94.9%，不到 95%。"]),
        ("0.955", 0.9549, 0.5, ["把握 95.4%，不到 95.5%。"]),
        ("0.95", 0.99, 0.09996, ["比下一个只多 9.9 个百分点，不到 10 个。"]),
    ],
)
def test_what_falls_short_never_reads_as_the_limit(limit, confidence, margin, said):
    """It said 把握 95.0%，不到 95%. What is the limit falls short of nothing."""
    load_rules()
    for key, value in (("auto_dispatch_confidence", limit), ("auto_dispatch_margin", "0.1")):
        set_parameter(key=key, value=value, valid_from=NOW, source="试行", by=None, at=NOW)
    unit = UnitFactory()
    proposal = Candidate(
        item=make_item(),
        unit=unit,
        expected_unit=None,
        score=90,
        matched_words=(),
        reasons=(),
        refused="",
        place_rule="",
        region_code="360702",
        confidence=confidence,
        margin=margin,
    )

    assert why_not_by_itself(proposal, kind="help", at=NOW)[1:] == said

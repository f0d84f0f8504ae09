"""What kind of appeal a text is, guessed from the words people open and close with. A proposal; people correct it."""

import re
from typing import Final

from tickets.states import Kind

# In this order: a question inside a complaint is still a complaint, thanks inside a request are politeness.
_SIGNS: Final = (
    (Kind.REPORT, re.compile(r"举报|违法经营|无证经营|偷税|漏税|受贿|诈骗团伙|非法集资|传销")),
    (
        Kind.COMPLAINT,
        re.compile(
            r"投诉|扰民|噪声|噪音|乱收费|欺诈|霸王条款|态度恶劣|不作为|拖欠|强制消费|违规|违建|虚假宣传|黑心|乱象"
        ),
    ),
    (Kind.SUGGEST, re.compile(r"^(?:关于)?.{0,40}(?:建议|希望能?增|优化.{0,12}方案)|建议.{0,60}$|应该增设|能否增设")),
    (
        Kind.CONSULT,
        re.compile(r"咨询|请问|想问|询问|什么时候|何时|怎么办理|如何办理|是否|能不能|可不可以|有没有规定|[吗呢]？?$"),
    ),
)
_PRAISE: Final = re.compile(r"表扬|点赞|锦旗|特此感谢|表示感谢|表示衷心")
_MORE: Final = re.compile(
    r"希望|请求|求助|恳请|解决|投诉|举报|扰民|没有|不给|拖欠|问题|建议|难闻|隐患|为民做主"
    r"|请.{0,8}(?:领导|政府|部门|书记|市长|重视|处理|整治)"
)
"""Beside thanks: something is still wanted."""


def guess_kind(*, title: str, text: str) -> str:
    """The title decides first: it is what the person chose to say; then the text; else a request for help."""
    if _PRAISE.search(title) or (_PRAISE.search(text) and not _MORE.search(text)):
        return Kind.PRAISE
    for part in (title, text[:300]):
        for kind, signs in _SIGNS:
            if signs.search(part):
                return kind
    return Kind.HELP


# Who speaks and where they live is not yet the matter.
_WHO: Final = re.compile(r"(?:我|本人|我们)(?:是|系)|(?:我|本人|我们)?(?:家住|家在|住在)")


def make_title(text: str, limit: int = 40) -> str:
    """The first clause that says something, as a title an agent may change."""
    for sentence in re.split(r"[。！？!?；;\n]", text):
        clause = re.sub(
            r"^(?:您好|你好|领导好?|尊敬的.{0,12}?[:：，,]|来电人?反映|.{1,4}(?:女士|先生)来电反映)[，,：:！!\s]*",
            "",
            sentence.strip(),
        )
        if len(clause) >= 5:
            parts = re.split(r"[，,]", clause)
            if _WHO.match(parts[0]):
                parts = parts[1:]
            if not parts:
                continue
            title = parts[0]
            for part in parts[1:]:
                if len(title) >= 12:
                    break
                title = f"{title}，{part}"
            return title[:limit]
    return text.strip()[:limit] or "未写标题"

import pytest

from channels_merge.kinds import guess_kind, make_title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "王女士来电反映：家住锦江花园7栋，小区东侧工地每晚11点以后仍在浇筑混凝土，噪声大。",
            "小区东侧工地每晚11点以后仍在浇筑混凝土",
        ),
        ("我是锦江花园业主。水压太低，二楼上不去水。", "水压太低，二楼上不去水"),
        ("是否可以异地办理？", "是否可以异地办理"),
        ("您好，路灯不亮，已经一周。希望修好。", "路灯不亮，已经一周"),
        ("尊敬的领导：南河路积水，行人过不去", "南河路积水，行人过不去"),
        ("灯坏", "灯坏"),
        ("长" * 60, "长" * 40),
    ],
)
def test_the_title_is_the_first_clause_that_says_what_it_is_about(text, title):
    assert make_title(text) == title


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("表扬社区民警", "帮老人找回钱包。", "praise"),
        ("感谢热线", "问题还没有解决，希望处理。", "help"),
        ("医保怎么办理异地备案", "", "consult"),
        ("举报山上盗伐林木", "", "report"),
        ("投诉夜间施工", "想问什么时候停。", "complaint"),
        ("建议加装红绿灯", "", "suggest"),
        ("路灯不亮", "已经一周。", "help"),
        ("送锦旗", "办得又快又好，值得点赞。", "praise"),
        # Whoever praises first and then asks for something is not done with thanks.
        ("盼整治电动车横冲直撞", "城市变化很大，为你们点赞！但电动车横冲直撞，请政府重视。", "help"),
        ("米厂又排臭气", "上次反映后有人回复，特此感谢！停了三天，昨夜又排，气味难闻，请为民做主。", "help"),
        ("对周末演出的建议", "演出办得好，值得点赞。建议再加几场儿童剧。", "suggest"),
        ("步行街的石板太粗糙", "改造值得点赞，可石板凹凸不平，容易绊脚。建议换一种石料。", "suggest"),
    ],
)
def test_the_kind_is_guessed_from_the_title_first(title, text, kind):
    assert guess_kind(title=title, text=text) == kind

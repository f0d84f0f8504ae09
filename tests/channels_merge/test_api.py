import pytest

from channels_merge import services
from channels_merge.models import Appeal, Channel
from tests.factories.channels_merge import NOON, PHONE, STORY, ChannelFactory

URL = "/api/v1/appeals"


@pytest.fixture
def key(world):
    return services.issue_channel_key(channel_id=Channel.objects.get(code="12328").pk, by=None, at=NOON)


@pytest.fixture
def post(client, key):
    def send(body, **headers):
        return client.post(URL, body, content_type="application/json", headers={"X-Channel-Key": key, **headers})

    return send


def test_a_channel_files_an_appeal_once(post, world):
    body = {"source_number": "GT-1", "text": STORY, "name": "王丽", "phone": PHONE, "region": "360702"}
    first, again = post(body), post(body)

    appeal = Appeal.objects.get()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        "number": appeal.number,
        "code": appeal.code,
        "state": "received",
        "state_name": "待受理",
        "moved_out": [],
    }
    assert again.json()["number"] == appeal.number
    assert (appeal.channel.code, appeal.region, appeal.contact.phone) == ("12328", world.county, PHONE)


def test_one_number_for_two_matters_is_a_conflict(post):
    post({"source_number": "GT-1", "text": STORY})
    answer = post({"source_number": "GT-1", "text": "完全不同的另一件事情。"})

    assert (answer.status_code, Appeal.objects.count()) == (409, 1)
    assert answer.json()["message"].startswith("来源编号 GT-1 已登记过另一件诉求")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"text": STORY}, "source_number：该字段是必填项。"),
        ({"source_number": "1", "text": "短"}, "text：请确保这个字段至少包含 5 个字符。"),
        ({"source_number": "1", "text": STORY, "region": "999999"}, "region：属性 code 为 999999 的对象不存在。"),
        (
            {"source_number": "1", "text": STORY, "phone": "abc"},
            "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。",
        ),
        ({"source_number": "1", "text": STORY, "colour": "红"}, "colour：没有这个字段。"),
        ([1, 2], None),
        ("不是对象", None),
    ],
)
def test_bad_input_is_400_with_a_chinese_sentence(post, body, message):
    answer = post(body)

    assert (answer.status_code, Appeal.objects.count()) == (400, 0)
    said = answer.json()["message"]
    assert said == message if message else any("\u4e00" <= char <= "\u9fff" for char in said)


def test_broken_json_is_400(client, key):
    answer = client.post(URL, "{", content_type="application/json", headers={"X-Channel-Key": key})

    assert (answer.status_code, answer.json()) == (400, {"message": "内容不是正确的 JSON。"})


def test_without_a_key_or_with_a_wrong_one_nothing_is_written(client, world):
    body = {"source_number": "1", "text": STORY}
    without = client.post(URL, body, content_type="application/json")
    wrong = client.post(URL, body, content_type="application/json", headers={"X-Channel-Key": "12328.wrong"})

    assert (without.status_code, without.json()) == (401, {"message": "身份认证信息未提供。"})
    assert (wrong.status_code, wrong.json()) == (401, {"message": "接口密钥不对，或渠道已停用。"})
    assert Appeal.objects.count() == 0


def test_a_new_key_ends_the_old_one_and_a_channel_that_was_not_opened_is_refused(post, client, key):
    channel = Channel.objects.get(code="12328")
    new = services.issue_channel_key(channel_id=channel.pk, by=None, at=NOON)
    assert post({"source_number": "1", "text": STORY}).status_code == 401

    unopened = ChannelFactory(code="q1", state="proposed")
    key = services.issue_channel_key(channel_id=unopened.pk, by=None, at=NOON)
    body = {"source_number": "1", "text": STORY}
    answers = {
        name: client.post(URL, body, content_type="application/json", headers={"X-Channel-Key": sent}).status_code
        for name, sent in (("new", new), ("unopened", key))
    }
    assert answers == {"new": 201, "unopened": 401}


def test_a_guesser_of_keys_is_stopped(client, world):
    for _ in range(30):
        client.get(f"{URL}/S1", headers={"X-Channel-Key": "x"})
    answer = client.get(f"{URL}/S1", headers={"X-Channel-Key": "x"})

    assert (answer.status_code, answer.json()["message"]) == (429, "接口密钥多次不对，请一小时后再试。")


def test_a_channel_sees_how_its_own_appeals_stand(post, client, key, world):
    number = post({"source_number": "GT-1", "text": STORY}).json()["number"]
    services.accept_appeal(appeal_id=Appeal.objects.get().pk, by=None, at=NOON)
    mine = client.get(f"{URL}/{number}", headers={"X-Channel-Key": key})
    other = services.issue_channel_key(channel_id=Channel.objects.get(code="12315").pk, by=None, at=NOON)
    theirs = client.get(f"{URL}/{number}", headers={"X-Channel-Key": other})

    assert (mine.status_code, mine.json()["state_name"], mine.json()["unit_name"]) == (200, "已受理", "")
    assert "12345 受理" in [step["title"] for step in mine.json()["steps"]]
    assert (theirs.status_code, theirs.json()) == (
        404,
        {"message": f"没有编号为 {number} 的诉求，或不是本渠道送来的。"},
    )


def test_the_schema_names_every_field(client, world):
    schema = client.get("/api/v1/schema/").json()

    assert {path: sorted(doors) for path, doors in schema["paths"].items()} == {
        "/api/v1/appeals": ["post"],
        "/api/v1/appeals/{number}": ["get"],
        "/api/v1/grid/events": ["post"],
        "/api/v1/grid/events/{number}": ["get"],
        "/api/v1/lines/{code}/messages": ["post"],
        "/api/v1/lines/{code}/messages/{message_id}": ["get"],
        "/api/v1/petitions": ["post"],
        "/api/v1/petitions/{number}": ["get"],
        "/api/v1/telephone/events": ["post"],
    }
    assert schema["components"]["securitySchemes"]["channelKey"]["name"] == "X-Channel-Key"

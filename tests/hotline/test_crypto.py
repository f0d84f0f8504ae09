import pytest

from hotline import crypto, services
from hotline.models import CryptoSentinel

OLD, NEW = "11" * 16, "22" * 16


@pytest.fixture
def two_keys(settings):
    settings.HOTLINE_FIELD_KEYS = {"k1": OLD, "k2": NEW}
    return settings


def test_a_text_comes_back_and_is_never_the_same_ciphertext():
    first, second = (crypto.encrypt("13807971234", "contact.phone:1") for _ in range(2))

    assert first != second
    assert crypto.decrypt(first, "contact.phone:1") == crypto.decrypt(second, "contact.phone:1") == "13807971234"
    assert "13807971234" not in first


def test_the_last_key_writes_and_all_keys_read(two_keys):
    old = crypto.encrypt("王丽", "a", key_id="k1")
    new = crypto.encrypt("王丽", "a")

    assert (old.split(":")[0], new.split(":")[0]) == ("k1", "k2")
    assert crypto.decrypt(old, "a") == crypto.decrypt(new, "a") == "王丽"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("t1:", "t9:", 1),
        lambda text: text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:],
        lambda text: "t1:AAAA",
        lambda text: "t1:***",
        lambda text: "",
    ],
)
def test_a_changed_or_foreign_value_is_refused(spoil):
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(spoil(crypto.encrypt("王丽", "a")), "a")


def test_a_value_copied_to_another_place_is_refused():
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(crypto.encrypt("王丽", "contact.name:1"), "contact.name:2")


def test_sm3_and_the_index_key(settings):
    settings.HOTLINE_INDEX_KEY = "ff" * 32
    whole = crypto.blind_index("13807971234", "phone")

    assert len(whole) == 64
    assert whole == crypto.blind_index("13807971234", "phone")
    assert whole != crypto.blind_index("13807971234", "phone.tail")
    settings.HOTLINE_INDEX_KEY = "ee" * 32
    assert whole != crypto.blind_index("13807971234", "phone")


@pytest.mark.parametrize("keys", [{}, {"k1": "12"}, {"k1": "zz" * 16}, {"": OLD}])
def test_bad_field_keys_stop_the_start(settings, keys):
    settings.HOTLINE_FIELD_KEYS = keys

    with pytest.raises(crypto.KeysMisconfigured, match="HOTLINE_FIELD_KEYS"):
        crypto.encrypt("x", "a")


def test_a_bad_index_key_stops_the_start(settings):
    settings.HOTLINE_INDEX_KEY = "12"

    with pytest.raises(crypto.KeysMisconfigured, match="HOTLINE_INDEX_KEY"):
        crypto.blind_index("x", "a")


def test_the_seal_proves_the_keys(db, settings):
    settings.HOTLINE_FIELD_KEYS = {"k1": OLD}
    services.prove_keys()
    services.prove_keys()
    assert list(CryptoSentinel.objects.values_list("key_id", flat=True)) == ["k1"]

    settings.HOTLINE_FIELD_KEYS = {"k1": OLD, "k2": NEW}
    services.prove_keys()
    assert set(CryptoSentinel.objects.values_list("key_id", flat=True)) == {"k1", "k2"}


@pytest.mark.parametrize(
    ("keys", "index"), [({"k1": NEW}, "ff" * 32), ({"k2": NEW}, "ff" * 32), ({"k1": OLD}, "ee" * 32)]
)
def test_other_keys_are_refused_at_start(db, settings, keys, index):
    settings.HOTLINE_FIELD_KEYS, settings.HOTLINE_INDEX_KEY = {"k1": OLD}, "ff" * 32
    services.prove_keys()

    settings.HOTLINE_FIELD_KEYS, settings.HOTLINE_INDEX_KEY = keys, index
    with pytest.raises(services.KeysChanged, match="与已有数据不符"):
        services.prove_keys()

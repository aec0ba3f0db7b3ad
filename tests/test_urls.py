"""Base URLs: one canonical form each, and a sentence for each that is refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.errors import Refused
from credstore.urls import MAX_LENGTH, canonical_url, host_port


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("  https://api.example.com/v1/ \n", "https://api.example.com/v1"),
        ("HTTPS://API.Example.COM/V1", "https://api.example.com/V1"),
        ("https://h:443/", "https://h"),
        ("http://h:80", "http://h"),
        ("https://h:80", "https://h:80"),
        ("https://h:", "https://h"),
        ("https://h:0443", "https://h"),
        ("https://h./v1///", "https://h/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://[0:0:0:0:0:0:0:1]:81/x", "http://[::1]:81/x"),
        ("http://[2001:DB8::A]", "http://[2001:db8::a]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("http://ex。com", "http://ex.com"),
        ("http://my_host:8000", "http://my_host:8000"),
        ("https://h/a//b", "https://h/a//b"),
        ("https://h/%7Euser/a..b", "https://h/%7Euser/a..b"),
    ],
)
def test_each_url_has_one_spelling(typed: str, stored: str) -> None:
    assert canonical_url(typed) == stored
    assert canonical_url(stored) == stored


REFUSED = [
    ("", "Start the URL"),
    ("api.example.com", "Start the URL"),
    ("//h/v1", "Start the URL"),
    ("https:h", "Start the URL"),
    ("https:/h", "Start the URL"),
    ("ftp://h", "Start the URL"),
    ("file:///etc/passwd", "Start the URL"),
    ("javascript:alert(1)", "Start the URL"),
    ("https://", "no host name"),
    ("https:///v1", "no host name"),
    ("https://:443", "no host name"),
    ("https://user@h", "user name and password"),
    ("https://user:CANARY@h", "user name and password"),
    ("https://h@evil.example", "user name and password"),
    ("https://h?key=CANARY", "Leave out everything"),
    ("https://h/v1?", "Leave out everything"),
    ("https://h/v1#", "Leave out everything"),
    ("https://h\\@evil", "backslashes"),
    ("https://h/a b", "spaces"),
    ("https://h/\r\nx", "control characters"),
    ("https://h/\0", "control characters"),
    ("https://h\t.example", "control characters"),
    ("http://2130706433", "four decimal numbers"),
    ("http://0177.0.0.1", "four decimal numbers"),
    ("http://0x7f000001", "four decimal numbers"),
    ("http://0x7f.0.0.1", "four decimal numbers"),
    ("http://127.1", "four decimal numbers"),
    ("http://256.1.1.1", "four decimal numbers"),
    ("http://1.2.3.4.5", "four decimal numbers"),
    ("http://example.0x", "four decimal numbers"),
    ("https://h/../x", "segments"),
    ("https://h/a/.", "segments"),
    ("https://h/%2e%2E/x", "segments"),
    ("https://h/.%2e", "segments"),
    ("https://h/a%2Fb", "encoded slash"),
    ("https://h/a%5cb", "encoded slash"),
    ("https://h/a%00b", "encoded control"),
    ("https://h/%0D%0aX-Evil:1", "encoded control"),
    ("https://h/%1F", "encoded control"),
    ("https://h/%7f", "encoded control"),
    ("http://\uff11\uff12\uff17.\uff10.\uff10.\uff11", "plain letters and digits"),
    ("http://127\u30020\u30020\u30021", "plain letters and digits"),
    ("http://\u2460\u2461\u2466.0.0.1", "plain letters and digits"),
    ("http://0\u24e7.1", "plain letters and digits"),
    ("http://\u24dbocalhost:11434", "plain letters and digits"),
    ("http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54", "plain letters and digits"),
    ("http://api.localho\u017ft", "plain letters and digits"),
    ("http://localhost\u3002", "plain letters and digits"),
    ("https://h/%zz", "not allowed"),
    ("https://h/ü", "not allowed"),
    ("https://h/<x>", "angle brackets"),
    ("https://h/<", "not allowed"),
    ("https://h:0", "Port 0"),
    ("https://h:65536", "not a valid URL"),
    ("https://h:٨", "not a valid URL"),
    ("https://h:80a", "not a valid URL"),
    ("https://[::1", "not a valid URL"),
    ("https://[1.2.3.4]", "valid"),
    ("https://[fe80::1%25eth0]", "IPv6 address"),
    ("https://[fe80::1%eth0]", "IPv6 address"),
    ("https://[::1]evil.example", "valid"),
    ("https://[v1.a]", "valid"),
    ("https://a..b", "host name"),
    ("https://-a.example", "host name"),
    ("https://a%41.example", "host name"),
    ("https://a;b", "host name"),
    (f"https://{'a' * 64}.example", "host name"),
    (f"https://{'a.' * 127}com", "host name"),
    ("https://a\u200db.example", "host name"),
    ("https://h\u2100x", "not a valid URL"),
    (f"https://h/{'a' * MAX_LENGTH}", "longer than 2048"),
]


@pytest.mark.parametrize(("typed", "word"), REFUSED, ids=lambda text: text[:30])
def test_what_is_ambiguous_or_dangerous_is_refused_with_words(typed: str, word: str) -> None:
    with pytest.raises(Refused) as caught:
        canonical_url(typed)
    assert word in caught.value.sentence
    assert "CANARY" not in caught.value.sentence


def test_a_url_may_have_2048_characters() -> None:
    longest = "https://h/" + "a" * (MAX_LENGTH - len("https://h/"))
    assert canonical_url(longest) == longest


@given(st.text(st.sampled_from("htps:/.aA1@[]%2eE?#\\é。x-_ \t0"), max_size=30) | st.text(max_size=30))
def test_the_canonical_form_is_its_own_canonical_form(tail: str) -> None:
    for text in (tail, f"http://{tail}", f"https://h/{tail}"):
        try:
            once = canonical_url(text)
        except Refused:
            continue
        assert canonical_url(once) == once
        assert once.isascii()


FOLDING: dict[str, list[str]] = {}
for code in range(0x80, 0x2FA20):
    plain = unicodedata.normalize("NFKC", chr(code)).lower()
    if len(plain) == 1 and plain in "0123456789.localhostx":
        FOLDING.setdefault(plain, []).append(chr(code))


@given(st.sampled_from(["127.0.0.1", "169.254.169.254", "2130706433", "0x7f.1", "localhost", "a.localhost"]), st.data())
def test_no_other_spelling_of_an_address_or_of_localhost_is_taken(host: str, data: st.DataObject) -> None:
    """Any of its characters may be written as one of all those that Unicode folds into it."""
    spelt = "".join(data.draw(st.sampled_from([char, *FOLDING.get(char, [])])) for char in host)
    if spelt.isascii():
        return
    with pytest.raises(Refused):
        canonical_url(f"http://{spelt}/v1")


@given(st.integers(0, 0xFF), st.booleans(), st.sampled_from(["", "a", "a/"]), st.sampled_from(["", "b", "/b"]))
def test_no_encoded_control_character_is_taken_in_a_path(code: int, upper: bool, before: str, after: str) -> None:
    coded = f"%{code:02X}" if upper else f"%{code:02x}"
    if code < 0x20 or code in {0x2F, 0x5C, 0x7F}:
        with pytest.raises(Refused):
            canonical_url(f"https://h/{before}{coded}{after}")


@pytest.mark.parametrize(
    ("url", "where"),
    [("https://h", ("h", 443)), ("http://h/v1", ("h", 80)), ("http://[::1]:81", ("::1", 81))],
)
def test_where_a_canonical_url_leads(url: str, where: tuple[str, int]) -> None:
    assert host_port(url) == where

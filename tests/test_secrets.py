"""The key is struck out in every form that gives it away, and near misses of it are what bash makes of them."""

import base64
import html
import json
import pickle
import shutil
import subprocess
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.history.secrets import SIGN, Secret, check_key, evaluate

KEY = 'sk/Live+"7Yq%Zz-09'
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)

EXPRESSIONS = (
    ("Bearer $BSPK_API_KEY", f"Bearer {KEY}"),
    ("Bearer ${BSPK_API_KEY}x", f"Bearer {KEY}x"),
    ("Bearer ${BSPK_API_KEY%?}", f"Bearer {KEY[:-1]}"),
    ("Bearer ${BSPK_API_KEY#?}", f"Bearer {KEY[1:]}"),
    ("Bearer ${BSPK_API_KEY^^}", f"Bearer {KEY.upper()}"),
    ("Bearer ${BSPK_API_KEY,,}", f"Bearer {KEY.lower()}"),
    ("Bearer ${BSPK_API_KEY~~}", f"Bearer {KEY.swapcase()}"),
    ("Bearer ${BSPK_API_KEY:3}", f"Bearer {KEY[3:]}"),
    ("Bearer ${BSPK_API_KEY:0:4}x${BSPK_API_KEY:5}", f"Bearer {KEY[:4]}x{KEY[5:]}"),
    ("Bearer ${BSPK_API_KEY:1:-2}", f"Bearer {KEY[1:-2]}"),
    ("Bearer ${BSPK_API_KEY:99}", "Bearer "),
    ('Bearer $(printf %s "$BSPK_API_KEY" | rev)', f"Bearer {KEY[::-1]}"),
    ('Basic $(printf %s "$BSPK_API_KEY" | base64 -w0)', f"Basic {base64.b64encode(KEY.encode()).decode()}"),
    ("$BSPK_API_KEY $BSPK_API_KEY", f"{KEY} {KEY}"),
    ("Bearer bspk-harness-nobody", "Bearer bspk-harness-nobody"),
    ("", ""),
)


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_an_expression_gives_what_it_says(expression: str, value: str) -> None:
    assert evaluate(expression, KEY) == value


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash to compare with")
def test_bash_makes_the_same_of_every_expression() -> None:
    script = "".join(f'printf "%s\\0" "{expression}"\n' for expression, _ in EXPRESSIONS)
    environment = {"BSPK_API_KEY": KEY, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    ran = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, check=True, timeout=120)
    assert ran.stdout.decode().split("\0")[:-1] == [value for _, value in EXPRESSIONS]


@pytest.mark.parametrize(
    "expression",
    [
        "Bearer ${BSPK_API_KEY%%?}",
        "Bearer ${BSPK_API_KEY:-3}",  # in bash a default, no substring
        "Bearer ${BSPK_API_KEY:2:-99}",
        "Bearer ${BSPK_API_KEY:08}",
        "Bearer $BSPK_API_KEY_2",
        "Bearer ${BSPK_API_KEY",
        "Bearer $HOME",
        'Bearer $(printf %s "$BSPK_API_KEY" | cat)',
        "Bearer $(id)",
    ],
)
def test_an_unknown_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"o[fn] the key"):
        evaluate(expression, KEY)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "not set"),
        ("", "not set"),
        ("sandbox-key", None),
        ("1234567", "shorter than 8"),
        ("sandbox-key\n", "white space"),
        ("two words", "white space"),
        ("schlüssel-7", "non-ASCII"),
        ("tab\tbed-key", "control"),
    ],
)
def test_a_key_that_cannot_be_one_is_told_in_a_line(value: str | None, complaint: str | None) -> None:
    told = check_key(value)
    if complaint is None:
        assert told is None
        return
    assert told is not None
    assert complaint in told
    assert "\n" not in told
    assert not value or value not in told
    with pytest.raises(ValueError, match=complaint):
        Secret(value or "")


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(KEY)
    assert secret.reveal() == KEY
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert KEY not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    "spelling",
    [
        *(KEY, KEY.upper(), KEY.swapcase(), KEY[:-1], KEY[1:], KEY[::-1]),
        *(quote(KEY, safe=""), quote(KEY, safe="").lower()),
        *(json.dumps(KEY)[1:-1], KEY.replace('"', '\\"').replace("/", "\\/")),
        *(
            quote(KEY),
            quote(KEY, safe="/+").swapcase(),
            html.escape(KEY),
            KEY.replace("+", "&#43;").replace("/", "&#x2F;"),
        ),
        *("".join(f"%{ord(each):02X}" for each in KEY), "".join(f"\\u{ord(each):04x}" for each in KEY)),
        json.dumps(KEY[:-1])[1:-1],
    ],
)
def test_each_form_is_struck_out(spelling: str) -> None:
    secret = Secret(KEY)
    struck = secret.strike(f"Invalid token <{spelling}>, é")
    assert struck.endswith(">, é")
    assert SIGN in struck
    assert spelling not in struck
    assert secret.stands_in(spelling.encode())
    assert not secret.stands_in(struck.encode())
    assert secret.strike_bytes(b"\xff\x00" + spelling.encode()).startswith(b"\xff\x00$BSPK_API_KEY")


@given(keys, st.binary(max_size=4), st.binary(max_size=4))
def test_base64_gives_the_key_away_at_no_alignment(key: str, before: bytes, behind: bytes) -> None:
    raw = before + key.encode() + behind
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        kept = Secret(key).strike_bytes(encoded).replace(SIGN.encode(), b"")
        assert len(kept) <= len(encoded) - (len(key) * 8 // 6 - 2)  # an edge character each side is shared


@given(keys, st.sampled_from([expression for expression, _ in EXPRESSIONS if "$" in expression]))
def test_an_expression_survives_the_striking(key: str, expression: str) -> None:
    assert Secret(f"{key}-{SIGN[1:]}").strike(expression) == expression
    assert Secret("BSPK_API_KEY").strike(expression) == expression


@pytest.mark.parametrize("text", ["", "inventories", "sandbox", "sandbox-ke", "key", "$BSPK_API_KEY"])
def test_innocent_text_stays(text: str) -> None:
    assert Secret("sandbox-key").strike(text) == text


@pytest.mark.parametrize("second", [f"{KEY}-2", "quite-another+key/7", KEY[:9]])
def test_a_second_key_is_as_secret(second: str) -> None:
    both = Secret(KEY, second)
    for spelling in (second, second.upper(), quote(second, safe=""), json.dumps(second)[1:-1]):
        struck = both.strike(f"<{KEY}> and <{spelling}>, é")
        assert struck == "<$BSPK_API_KEY> and <$BSPK_API_KEY_2>, é"
        assert both.strike(struck) == struck
        assert both.stands_in(f"é {spelling}".encode())
    assert both.fill("Bearer $BSPK_API_KEY_2") == f"Bearer {second}"
    assert both.fill("Bearer $BSPK_API_KEY") == f"Bearer {KEY}"
    assert second not in f"{both} {both!r}"
    with pytest.raises(ValueError, match="not an expression"):
        Secret(KEY).fill("Bearer $BSPK_API_KEY_2")

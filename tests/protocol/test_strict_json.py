from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import Invalid
from badgefed.protocol import strict_json

REFUSED = {
    "empty": b"",
    "not JSON": b"{'id': 1}",
    "trailing data": b"{} {}",
    "array on top": b"[]",
    "string on top": b'"x"',
    "null on top": b"null",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id":"x"}'.encode("utf-16"),
    "UTF-32": '{"id":"x"}'.encode("utf-32-le"),
    "broken UTF-8": b'{"id":"\xff"}',
    "overlong UTF-8": b'{"id":"\xc0\xaf"}',
    "raw surrogate": b'{"id":"\xed\xa0\x80"}',
    "raw control character": b'{"id":"a\x01"}',
    "raw line break in a string": b'{"id":"a\n"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":[-Infinity]}',
    "float beyond range": b'{"a":1e999}',
    "integer beyond 2^53": b'{"a":9007199254740993}',
    "negative integer beyond 2^53": b'{"a":-9007199254740993}',
    "integer of 100,000 digits": b'{"a":' + b"9" * 100_000 + b"}",
    "lone high surrogate": rb'{"a":"\ud800"}',
    "lone low surrogate": rb'{"a":["x",{"b":"\uDFFF"}]}',
    "lone surrogate in a name": rb'{"\ud800":1}',
    "NUL": rb'{"a":"\u0000"}',
    "two ids": b'{"id":"a","id":"b"}',
    "two ids, one escaped": rb'{"id":"a","\u0069d":"b"}',
    "two ids further in": b'{"a":[{"id":"a","id":"a"}]}',
    "two types": b'{"type":"Note","type":"Note"}',
    "two actors": b'{"actor":"a","x":1,"actor":"b"}',
    "two attributedTo": b'{"attributedTo":"a","attributedTo":"b"}',
    "two objects": b'{"object":"a","object":"b"}',
    "arrays 5,000 deep": b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "objects 5,000 deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "unclosed arrays": b'{"a":' + b"[" * 500_000,
    "33 levels": b'{"a":' * 33 + b"1" + b"}" * 33,
    "1,001 items": json.dumps({"a": [1] * 1_001}).encode(),
}

ACCEPTED = {
    "empty object": (b" {}\r\n", {}),
    "32 levels": (b'{"a":' * 31 + b"{}" + b"}" * 31, None),
    "1,000 items": (json.dumps({"a": [1] * 1_000}).encode(), {"a": [1] * 1_000}),
    "2^53": (b'{"a":9007199254740992,"b":-9007199254740992}', {"a": 2**53, "b": -(2**53)}),
    "float": (b'{"a":-1.5e3}', {"a": -1500.0}),
    "surrogate pair": (rb'{"a":"\ud83d\ude00"}', {"a": "😀"}),
    "text about NUL": (rb'{"a":"\\u0000"}', {"a": "\\u0000"}),
    "harmless repetition": (b'{"x":1,"x":2}', {"x": 2}),
    "same name in siblings": (b'{"id":"a","b":{"id":"c"}}', {"id": "a", "b": {"id": "c"}}),
    "not ASCII": ('{"a":"grüße 漢"}'.encode(), {"a": "grüße 漢"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(Invalid):
        strict_json.loads(REFUSED[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    data, expected = ACCEPTED[name]
    document = strict_json.loads(data)
    assert document == (json.loads(data) if expected is None else expected)


def test_limits_are_the_callers() -> None:
    data = b'{"a":[[1,2]]}'
    assert strict_json.loads(data, max_depth=3, max_items=2) == {"a": [[1, 2]]}
    with pytest.raises(Invalid, match="levels"):
        strict_json.loads(data, max_depth=2)
    with pytest.raises(Invalid, match="items"):
        strict_json.loads(data, max_items=1)


def test_every_name_once_where_asked_for() -> None:
    data = b'{"x":1,"y":[{"z":1,"\\u007a":2}]}'
    assert strict_json.loads(data)["y"] == [{"z": 2}]
    with pytest.raises(Invalid, match="'z'"):
        strict_json.loads(data, all_unique=True)
    assert strict_json.loads(b'{"x":{"x":1}}', all_unique=True) == {"x": {"x": 1}}


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_invalid(data: bytes) -> None:
    try:
        document = strict_json.loads(data)
    except Invalid:
        return
    assert isinstance(document, dict)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), _VALUES, max_size=4
    ),
    st.booleans(),
)
def test_what_json_writes_is_read_back(document: dict[str, object], ascii_only: bool) -> None:
    data = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert strict_json.loads(data) == document

from hypothesis import given
from hypothesis import strategies as st

from services.fiscal import marks


@given(
    st.sampled_from(marks.BASE64),
    st.integers(0, 12),
    st.integers(0, 8),
    st.binary(max_size=4),
)
def test_base64_is_known_by_its_whole_beginning(
    start: bytes, cut: int, place: int, junk: bytes
) -> None:
    for data in (start, start[:cut], start + junk, start[:place] + junk + start[place:]):
        assert marks.begins_in_base64(data) == data.startswith(marks.BASE64)

"""Names of persons and companies: the same name written the same way, no sign of it changed."""

from __future__ import annotations

from typing import Final

# Between the parts of a Uyghur, Tibetan or foreign name; the one kept is U+00B7.
_DOTS: Final = "·•‧∙⋅・･"
# Private use shows as another sign on another machine; U+FFFD and a ? between characters are
# where one was lost.
DOUBTFUL_PATTERN: Final = (
    r"[\x{e000}-\x{f8ff}\x{f0000}-\x{10ffff}\x{fffd}]|\p{Han}[?？]|[?？]\p{Han}"
)
_WIDE: Final = "".join(chr(0xFEE0 + ord(sign)) for sign in "0123456789") + "".join(
    chr(0xFEE0 + code) for code in (*range(0x41, 0x5B), *range(0x61, 0x7B))
)
_NARROW: Final = "".join(chr(ord(sign) - 0xFEE0) for sign in _WIDE)


def macros() -> list[str]:
    """The SQL macro `parse_name(x, day)`.

    Composed form comes from the text layer; compatibility forms stay (NFKC would turn one rare
    character into another), and so do the brackets of a company's name.
    """
    letters = f"translate(x, '{_WIDE}', '{_NARROW}')"
    dotted = rf"regexp_replace({letters}, '[\s\x{{3000}}]*[{_DOTS}][\s\x{{3000}}]*', '·', 'g')"
    return [
        # 张　三 is set wide to look as long as its neighbours; 张三 李四 may be two people.
        r"""CREATE OR REPLACE TEMP MACRO closed_up(s) AS
            CASE WHEN regexp_full_match(s, '\p{Han}(?:[\s\x{3000}\x{a0}]+\p{Han}){1,3}')
                 THEN regexp_replace(s, '[\s\x{3000}\x{a0}]+', '', 'g') ELSE s END""",
        rf"""CREATE OR REPLACE TEMP MACRO parse_name(x, day) AS
            CASE WHEN regexp_full_match(x, '[\p{{Han}}（）]+') THEN x
                 WHEN NOT is_nothing(x) AND NOT regexp_matches(x, '{DOUBTFUL_PATTERN}')
                 THEN nullif(closed_up({dotted}), '') END""",
    ]

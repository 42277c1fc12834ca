"""Names that mean something to DOT, to records, to HTML or to a terminal, and how each is shown."""

from autograd.draw.words import LONGEST_NAME

HOSTILE = [
    '"', "\\", "a\\", '\\"', '\\\\"', "\\N", r"\G \l \r \n \L", "{", "}", "|", "a|b", "{a|b}", "<", ">",
    "<b>x</b>", "<<b>x</b>>", "<>", "&", "&amp;", "&amp;amp;", "&lt;b&gt;", "&#65;", "&#x41;", "&bogus;", "&amp",
    'x"]; n99 [label="y', "n0 -> op1", "--> ]]>", "<!-- x -->", "</svg><script>alert(1)</script>", "<?php ?>", "%s",
    "'", "`", "//", "#", "/* */", "a:b:c", "σ(z)", "中文", "é", "e\u0301", "😀", "x" * LONGEST_NAME,
]  # fmt: skip
UNPRINTABLE = {
    "new\nline": "new\\nline", "nul\0": "nul\\x00", "\x1b[0m": "\\x1b[0m", "\ud800": "\\ud800", "\uffff": "\\uffff",
    "\u202eevil": "\\u202eevil", "\r\n": "\\r\\n", "\t": "\\t",
}  # fmt: skip
EXPECTED = {name: name for name in HOSTILE} | UNPRINTABLE | {"x" * 10_000: "x" * (LONGEST_NAME - 1) + "…"}

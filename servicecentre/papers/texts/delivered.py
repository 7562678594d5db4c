"""What comes with the program: the deck's phrases, word for word, and the handbook's pages (DOMAIN §10); an estate edits its own."""
from functools import cache
from pathlib import Path
from typing import NamedTuple

HANDBOOK = Path(__file__).resolve().parent / "handbook"

# (code, group, situation, phrase); where the deck offers several, each is a phrase of its own, so that one is copied. [seed]
PHRASES = (
    ("phone-first", "电话", "接起电话第一句，第三声铃响前", "您好，{{公司}}"),
    ("phone-asks-for", "电话", "对方要找人", "先生、小姐、（业主），您好！您找的x先生（小姐）名字叫什么？请您稍等"),
    ("phone-away", "电话", "要找的同事不在", "对不起，他（她）现在不在，能否留下您的联系方式，一会让他（她）和您联系"),
    ("phone-complaint", "电话", "投诉，自己处理不了，不乱说",
     "业主，您好！如果给您带来不便，我们非常抱歉。您先不要着急，能否留下您的联系电话，一会我们会让相关专业人员给您回复。"),
    ("one-hello", "来访", "来一位", "先生，小姐，您好"),
    ("one-morning", "来访", "来一位，早上", "先生、小姐，早上好"),
    ("two-men", "来访", "来二位先生", "二位先生好！"),
    ("two-women", "来访", "来二位小姐", "二位小姐好"),
    ("two-both", "来访", "来二位", "先生、小姐，你们好！"),
    ("many-hello", "来访", "来三位以上", "各位好！"),
    ("many-morning", "来访", "来三位以上，早上", "各位早上好！"),
    ("many-afternoon", "来访", "来三位以上，下午", "各位下午好"),
    ("all-hello", "来访", "来三位以上，熟一点", "大家好！"),
    ("all-morning", "来访", "来三位以上，早上，熟一点", "大家早上好！"),
    ("all-afternoon", "来访", "来三位以上，下午，熟一点", "大家下午好！"),
    ("known-man", "来访", "知道姓名的先生", "×先生好！"),
    ("known-woman", "来访", "知道姓名的小姐", "×小姐好！"),
)


class Delivered(NamedTuple):
    """A text as edition 1 has it; ``kind`` is Wording.Kind's value."""

    kind: str
    key: str
    group: str
    title: str
    text: str


def handbook():
    """The handbook's pages in their order: files whose first line is `# 组 · 标题`."""
    pages = []
    for path in sorted(HANDBOOK.glob("[0-9]*.md")):
        head, _, text = path.read_text(encoding="utf-8").partition("\n")
        group, _, title = head.removeprefix("# ").partition(" · ")
        pages.append(Delivered("page", f"page.{path.stem.partition('-')[2]}", group, title, text.strip()))
    return pages


@cache
def every():
    """Phrases, then pages; read once, for they come with the program."""
    return (*(Delivered("phrase", f"phrase.{code}", group, title, text) for code, group, title, text in PHRASES), *handbook())

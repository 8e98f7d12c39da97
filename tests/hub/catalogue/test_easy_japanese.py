"""やさしい日本語 keeps to the Japanese government's guideline (在留支援のためのやさしい日本語
ガイドライン, 2020): short sentences, です・ます, easy words, hard kanji with their reading."""

from __future__ import annotations

import re

from hub.catalogue import Language, sentences

_JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠々]")
_READING = re.compile(r"（[ぁ-ん]+）")
_FIELD = re.compile(r"\{[^}]*\}")
_POLITE = re.compile(r"(です|ます|ません|ました|ませんでした|ください)$")
SAME_IN_ALL = {
    *("language.ja", "language.ja-easy", "language.en"),
    *("pin.confirm_key", "pin.box_span"),
}
TOO_HARD = re.compile(
    "暗証|施設|解錠|施錠|開放|封鎖|遠隔|承認|登録済|打刻|退勤|出勤|送信|取消|反映|応答|制御|装置|"
    "扉|錠|権限|要求|有効|該当|職員"
)
NEED_A_READING = re.compile(
    "(予約|番号|機械|記録|通信|設定|電池|指示|結果|理由|火事|停電|故障|種類|普通|信号|管理者?|受付|係)"
)
EASY = {key: texts[Language.EASY] for key, texts in sentences().items()}


def _plain(text: str) -> str:
    """As it is read: without readings, each value as two characters."""
    return _FIELD.sub("00", _READING.sub("", text))


def _sentences(text: str) -> list[str]:
    return [each for each in _plain(text).split("。") if each]


def test_it_is_japanese_and_not_left_untranslated() -> None:
    """What is the same as the English is a name or a sign."""
    same = {key for key, text in EASY.items() if text == sentences()[key][Language.EN]}
    assert same == SAME_IN_ALL
    japanese = {key for key in EASY if _JAPANESE.search(sentences()[key][Language.JA])}
    assert [key for key in japanese if not _JAPANESE.search(EASY[key])] == []


def test_its_sentences_are_short_and_end_politely() -> None:
    """At most 40 characters each, three at most; 。 follows です, ます, ません or ください."""
    told = {key: _sentences(text) for key, text in EASY.items()}
    assert [key for key, said in told.items() if len(said) > 3] == []
    assert [key for key, said in told.items() if any(len(each) > 40 for each in said)] == []
    ended = {key: _plain(text).split("。")[:-1] for key, text in EASY.items()}
    assert [key for key, said in ended.items() if not all(map(_POLITE.search, said))] == []


def test_its_words_are_easy_and_hard_kanji_have_their_reading() -> None:
    """Ordinary kanji and kana: neither officialese nor a child's spaced hiragana."""
    assert [(key, text) for key, text in EASY.items() if TOO_HARD.search(text)] == []
    bare = [
        (key, found[0])
        for key, text in EASY.items()
        for found in NEED_A_READING.finditer(text)
        if not _READING.match(text, found.end())
    ]
    assert bare == []
    spaced, endless = re.compile(r"[ぁ-ん] [ぁ-んァ-ヶ一-龠]"), re.compile(r"[ぁ-ん]{15,}")
    assert [key for key, text in EASY.items() if spaced.search(text)] == []
    assert [key for key, text in EASY.items() if endless.search(_plain(text))] == []


def test_its_length_is_sensible_beside_the_ordinary() -> None:
    """A label stays a label: at most 22 characters more."""
    ordinary = {key: len(_plain(texts[Language.JA])) for key, texts in sentences().items()}
    assert [key for key, text in EASY.items() if len(_plain(text)) > ordinary[key] + 22] == []

"""Cards: what they are (ATR), how they are read (profiles as data), what an answer proves.

Pure but for `profile_files` (reads the data files) and `vpcd_card` (a program). May import `wire`
and `edge.core`; knows no reader and no library of one. To add a kind of card: one TOML file in
`profiles/` (docs/cards.md tells its keys), its case in `tests/edge/cards`, and, where it answers in
a way of its own, a class in `virtual_card.py`.
"""

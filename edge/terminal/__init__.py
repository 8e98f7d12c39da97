"""The attendance terminal: a screen with keys beside a reader, for staff who come and go.

`choices` says what a key or a tap does to the question that stands (pure); `ledger` knows what was
punched lately; `desk` is the loop's part: decide, commit, then show; `screen` hands what is to be
seen from the loop to the page; `page_server` serves it on loopback. Loaded only where the settings
have `[terminal]`: a door's controller imports none of it, not even this. May import the agent's
core, ports, journal and service; `edge.agent` alone imports it, and late. To let the screen say
something new: a code in `view`, its words in `edge/words/terminal.toml`, its place in `page/`.
"""

"""What residents are told of their bookings: by e-mail, by LINE and on paper.

`planner` turns happenings into rows of an outbox, `sender` sends what is due. What a message says
is read at the moment of sending, so that whatever goes out last is true; neither a PIN nor a body
is kept. May import hub.bookings, hub.pins, hub.happenings, hub.catalogue and `hub.pages.words`.
To add a kind: its line in `domain.NoticeKind`, its rows in the tables of `coalescing` and
`deciding`, its sentences in `hub/catalogue/notices.toml`. To add a channel: a file like `smtp`.
"""

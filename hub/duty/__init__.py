"""What the duty person is mailed: bookings whose doors will not be ready, and joins that fail.

`mailer` reads happenings into rows of its own, gathers those of some minutes into one digest and
sends it by the mail server of notices. As there, a digest is written at the moment of sending: what
is settled by then is left out, and a digest with nothing in it is dropped. It holds no PIN, and no
name, address or telephone number of anybody. May import hub.notices, hub.readiness, hub.feeds,
hub.webhooks, hub.happenings and `hub.pages.words`. To tell one more kind: a line in
`domain.TOLD`, its reading in `standing`, its sentences in `[duty]` of `catalogue/notices.toml`.
"""

"""What happened, for whoever passes it on: webhooks, notices, readiness.

`tell` writes a happening in the transaction of what happened: no happening without its cause, no
cause without its happening. Readers (`readers.py`) go through them in order, each with a mark of
its own, and may fail and come again. A new kind is a line in `domain.HappeningKind` and a call of
`tell` in the topic where it happens.
"""

"""Files with rows and columns, as other systems of a town write them: bytes to text, text to cells,
and dates as people write them in Japan. Pure.

Apart from that `staged.py`: a file waits sealed between its trial run and whoever confirms it.
Who imports a kind of file (`hub.csv_bookings`, `hub.staff`) says what its columns mean; a new kind
takes a `StagedFiles` of its own purpose. May import: the standard library; `staged.py` and what
stands behind it hub.database, hub.web and hub.keys too.
"""

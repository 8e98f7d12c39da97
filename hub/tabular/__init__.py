"""Files with rows and columns, as other systems of a town write them: bytes to text, text to cells,
and dates as people write them in Japan. Pure.

Who imports a kind of file (`hub.csv_bookings`, `hub.staff`) says what its columns mean.
May import: the standard library alone.
"""

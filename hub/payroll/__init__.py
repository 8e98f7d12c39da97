"""What goes out of attendance: sheets, mapping profiles as data, punch exports.

May import `hub.timesheets` and what it may. A new format is a profile, not code; a character that
cannot be written is an error with its row and column, and no file.
"""

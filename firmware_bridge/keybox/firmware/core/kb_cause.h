/* Why a request is refused; the numbers are those of docs/keybox-link.md. */
#ifndef KB_CAUSE_H
#define KB_CAUSE_H

enum kb_cause {
    KB_OK = 0,
    KB_CAUSE_MALFORMED = 1,
    KB_CAUSE_UNKNOWN_TYPE = 2,
    KB_CAUSE_NO_SESSION = 3,
    KB_CAUSE_NO_RIGHT = 4,
    KB_CAUSE_BAD_PROOF = 5,
    KB_CAUSE_BAD_DAY = 6,
    KB_CAUSE_BUSY = 7,
    KB_CAUSE_BAD_VALUE = 8,
    KB_CAUSE_TOO_OLD = 9,
    KB_CAUSE_BAD_SIGNATURE = 10,
    KB_CAUSE_BAD_TOKEN = 11,
    KB_CAUSE_STORAGE = 12,
    KB_CAUSE_NOT_BLANK = 13,
    KB_CAUSE_TRY_LATER = 14,
    KB_CAUSE_NOT_SUPPORTED = 15,
    KB_CAUSE_BLANK = 16
};

#endif

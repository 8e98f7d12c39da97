/* The maintenance link's sessions: opening with a proof, and secured frames (docs/keybox-link.md).
 *
 * This is the state; kb_opening.c opens, kb_session.c guards, kb_requests.c carries out, kb_notices.c
 * tells the host unasked.
 */
#ifndef KB_SESSION_H
#define KB_SESSION_H

#include "kb_cause.h"
#include "kb_frame.h"
#include "kb_sha256.h"

#define KB_NONCE 16u
#define KB_NOTICES 32u
#define KB_NOTICE_DATA 8u

enum kb_right {
    KB_RIGHT_READ = 1,
    KB_RIGHT_CLOCK = 2,
    KB_RIGHT_CLEAR = 4,
    KB_RIGHT_SECRET = 8,
    KB_RIGHT_FIRMWARE = 16,
    KB_RIGHT_OPERATE = 32,
    KB_RIGHT_LIST = 64,
    KB_RIGHTS_ALL = 127
};

enum kb_phase {
    KB_PHASE_NONE,
    KB_PHASE_OPEN,
    KB_PHASE_ENDED /* only the last request, when it comes again, is still answered */
};

enum kb_notice_kind {
    KB_NOTICE_INPUTS = 1,
    KB_NOTICE_KEYS = 2,
    KB_NOTICE_BATTERY = 3,
    KB_NOTICE_LOGGED = 4
};

struct kb_notice {
    uint8_t kind;
    uint8_t length;
    uint8_t data[KB_NOTICE_DATA];
};

struct kb_session {
    /* before it is open */
    bool has_nonce;
    uint8_t nonce[KB_NONCE];
    uint64_t nonce_ms;
    uint8_t wrong_proofs;
    bool is_closed; /* to `open`, after wrong proofs */
    uint64_t closed_ms;
    bool has_logged_refusal;
    uint64_t refusal_ms;
    bool has_logged_opening;
    uint64_t opening_ms;
    uint8_t opening[7]; /* ticket 1 | day 4 | rights 2 of the one that was logged last */
    /* while it is open */
    enum kb_phase phase;
    bool is_link;
    uint16_t rights;
    uint64_t valid_ms; /* the last valid frame */
    uint32_t counter;  /* of the last request */
    uint8_t last_tag[KB_TAG_SIZE];
    uint8_t open_tag[KB_SHA256_SIZE]; /* SHA-256 of the `open` frame that was taken */
    struct kb_hmac_key host_mac, host_enc, device_mac, device_enc;
    /* the last answer, sent again when its request comes again */
    uint8_t answer[KB_FRAME_ENCODED_MAX];
    size_t answer_length;
    /* a request whose answer waits for the bolt */
    bool is_pending;
    uint8_t pending_type, pending_seq;
    /* notices */
    uint32_t notice_counter; /* of the one under way, or the last */
    bool is_telling;
    uint64_t told_ms;
    uint8_t notice_count;
    struct kb_notice notices[KB_NOTICES];
    /* room to put frames together */
    uint8_t frame[KB_FRAME_MAX];
    uint8_t body[KB_FRAME_BODY_MAX];
};

struct kb_box;

/* A frame that came in whole, CRC cut off. */
void kb_session_take(struct kb_box *box, const uint8_t *frame, size_t length);
/* Times out, sends what waits. */
void kb_session_poll(struct kb_box *box);
/* Milliseconds until kb_session_poll has something to do, at most `most`. */
uint64_t kb_session_due_ms(const struct kb_box *box, uint64_t most);
/* Whether a host that operates the lock is there: it is told of keys, and the lock itself waits. */
bool kb_session_has_host(const struct kb_box *box);
void kb_session_end(struct kb_box *box, enum kb_phase phase);
/* Sends a secured frame; `is_answer` keeps it for repetition. */
void kb_session_send(struct kb_box *box, uint8_t type, uint8_t seq, uint32_t counter,
                     const uint8_t *body, size_t length, bool is_answer);

/* Sends a frame in clear; `is_answer` keeps it for repetition. */
void kb_session_send_clear(struct kb_box *box, uint8_t type, uint8_t seq, const uint8_t *body,
                           size_t length, bool is_answer);
void kb_session_refuse(struct kb_box *box, uint8_t seq, enum kb_cause cause);

/* kb_opening.c: a frame in clear; and the keys that follow from the device's maintenance secret, to
 * be derived when that changes. */
void kb_opening_take(struct kb_box *box, const uint8_t *frame, size_t length);
void kb_opening_derive(struct kb_box *box);

/* kb_requests.c: carries out an authentic request and answers it. */
void kb_requests_take(struct kb_box *box, uint8_t type, uint8_t seq, const uint8_t *body,
                      size_t length);
/* Answers a release once the bolt's outcome is known. */
void kb_requests_poll(struct kb_box *box);

/* kb_notices.c */
void kb_notices_start(struct kb_box *box);
void kb_notices_inputs(struct kb_box *box);
void kb_notices_key(struct kb_box *box, char key);
void kb_notices_battery(struct kb_box *box);
void kb_notices_logged(struct kb_box *box);
void kb_notices_noticed(struct kb_box *box, uint8_t seq, uint32_t counter);
void kb_notices_poll(struct kb_box *box);

#endif

/* What the requests of a session share: the answer in the making, and the request's handlers. */
#ifndef KB_ANSWER_H
#define KB_ANSWER_H

#include "kb_box.h"
#include "kb_mem.h"

#define KB_RECORDS_MAX 19u /* of one answer: 512 - head 7 - tag 16 - crc 2 - 13, by 24 */

struct kb_answer {
    uint8_t data[13 + KB_RECORDS_MAX * KB_RECORD];
    size_t length;
    bool is_pending; /* comes later, from kb_requests_poll */
};

static inline void kb_answer32(struct kb_answer *answer, uint32_t value)
{
    (void)kb_put32(answer->data + answer->length, value);
    answer->length += 4;
}

static inline void kb_answer16(struct kb_answer *answer, uint16_t value)
{
    (void)kb_put16(answer->data + answer->length, value);
    answer->length += 2;
}

static inline void kb_answer8(struct kb_answer *answer, unsigned value)
{
    answer->data[answer->length++] = (uint8_t)value;
}

/* A handler is given a body whose length the table has checked, and gives the cause of its refusal
 * or KB_OK with its answer. */
typedef enum kb_cause (*kb_handler)(struct kb_box *box, const uint8_t *body, size_t length,
                                    struct kb_answer *answer);

#define KB_HANDLER(name)                                                                           \
    enum kb_cause name(struct kb_box *box, const uint8_t *body, size_t length,                     \
                       struct kb_answer *answer)

/* kb_upkeep.c */
KB_HANDLER(kb_do_status);
KB_HANDLER(kb_do_read_log);
KB_HANDLER(kb_do_set_clock);
KB_HANDLER(kb_do_clear_log);

/* kb_secrets.c */
KB_HANDLER(kb_do_install_secret);
KB_HANDLER(kb_do_retire);

/* kb_firmware.c */
KB_HANDLER(kb_do_firmware_begin);
KB_HANDLER(kb_do_firmware_data);
KB_HANDLER(kb_do_firmware_end);
KB_HANDLER(kb_do_firmware_abort);

/* kb_operating.c */
KB_HANDLER(kb_do_release);
KB_HANDLER(kb_do_hold);
KB_HANDLER(kb_do_secure);
KB_HANDLER(kb_do_signal);
KB_HANDLER(kb_do_list_begin);
KB_HANDLER(kb_do_list_data);
KB_HANDLER(kb_do_list_status);
KB_HANDLER(kb_do_list_end);

/* kb_secrets.c: whether `token` is HMAC(receipt key, label | words)[:16]: the hub's own word. */
bool kb_has_token(const struct kb_box *box, const char *label, size_t label_length,
                  const uint8_t *words, size_t length, const uint8_t *token);

#endif

/* Requests of firmware transfer; kb_update does the work. */
#include "kb_answer.h"

#define REBOOT_MS 1500u /* a host that lost the answer asks again twice before */


enum kb_cause kb_do_firmware_begin(struct kb_box *box, const uint8_t *body, size_t length,
                                   struct kb_answer *answer)
{
    uint32_t next = 0;
    (void)length;
    enum kb_cause cause =
        kb_update_begin(&box->update, box->state.kind, body, body + KB_UPDATE_HEADER, &next);
    if (cause != KB_OK && cause != KB_CAUSE_NOT_SUPPORTED) {
        (void)kb_box_log(box, KB_LOG_FIRMWARE_REFUSED, (uint8_t)cause, body + 4, 8);
    }
    kb_answer32(answer, next);
    return cause;
}

enum kb_cause kb_do_firmware_data(struct kb_box *box, const uint8_t *body, size_t length,
                                  struct kb_answer *answer)
{
    uint32_t next = 0;
    enum kb_cause cause =
        kb_update_data(&box->update, kb_get32(body), body + 4, length - 4, &next);
    bool is_receiving = box->update.slots[(box->update.running ^ 1u) & 1u].state == KB_SLOT_RECEIVING;
    if (cause == KB_CAUSE_BAD_VALUE && is_receiving && next != kb_get32(body)) {
        cause = KB_OK; /* not the bytes that are wanted: the answer says which are */
    }
    kb_answer32(answer, next);
    return cause;
}

enum kb_cause kb_do_firmware_end(struct kb_box *box, const uint8_t *body, size_t length,
                                 struct kb_answer *answer)
{
    (void)body, (void)length, (void)answer;
    enum kb_cause cause = kb_update_end(&box->update);
    if (cause == KB_OK) {
        box->is_rebooting = true;
        box->reboot_ms = box->now_ms + REBOOT_MS;
    }
    return cause;
}

enum kb_cause kb_do_firmware_abort(struct kb_box *box, const uint8_t *body, size_t length,
                                   struct kb_answer *answer)
{
    (void)body, (void)length, (void)answer;
    return kb_update_abort(&box->update);
}

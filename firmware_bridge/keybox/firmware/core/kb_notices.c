/* Notices: what a host that operates the lock is told unasked, one at a time until it says so. */
#include "kb_box.h"
#include "kb_mem.h"

#define NOTICE 0x60u
#define AGAIN_MS 250u

/* The oldest notice that may be changed or dropped: the one under way is fixed, since the same
 * counter must never encrypt two different texts. */
static uint8_t first_free(const struct kb_session *session)
{
    return session->is_telling ? 1 : 0;
}

static void drop(struct kb_session *session, uint8_t place)
{
    session->notice_count--;
    memmove(&session->notices[place], &session->notices[place + 1],
            (size_t)(session->notice_count - place) * sizeof session->notices[0]);
}

/* Room for one more: the oldest goes that tells no inputs. */
static struct kb_notice *room(struct kb_session *session)
{
    if (session->notice_count == KB_NOTICES) {
        uint8_t place = first_free(session);
        while (place < KB_NOTICES && session->notices[place].kind == KB_NOTICE_INPUTS) {
            place++;
        }
        if (place == KB_NOTICES) {
            /* Inputs alone: the newest of them is overtaken by what comes now. */
            return &session->notices[KB_NOTICES - 1];
        }
        drop(session, place);
    }
    return &session->notices[session->notice_count++];
}

static void add(struct kb_box *box, uint8_t kind, const uint8_t *data, uint8_t length)
{
    if (!kb_session_has_host(box)) {
        return;
    }
    struct kb_notice *notice = room(&box->session);
    notice->kind = kind;
    notice->length = length;
    memcpy(notice->data, data, length);
}

/* The newest that waits, where it is of that kind and not yet under way. */
static struct kb_notice *waiting(struct kb_box *box, uint8_t kind)
{
    struct kb_session *session = &box->session;
    if (session->notice_count <= first_free(session)) {
        return NULL;
    }
    struct kb_notice *last = &session->notices[session->notice_count - 1];
    return last->kind == kind ? last : NULL;
}

void kb_notices_start(struct kb_box *box)
{
    box->session.notice_counter = 0;
    box->session.is_telling = false;
    box->session.notice_count = 0;
    kb_notices_inputs(box);
}

void kb_notices_inputs(struct kb_box *box)
{
    uint8_t data[4];
    (void)kb_put16(kb_put16(data, kb_box_inputs(box)), kb_door_outputs(&box->door));
    add(box, KB_NOTICE_INPUTS, data, sizeof data);
}

void kb_notices_key(struct kb_box *box, char key)
{
    uint8_t data[1] = {(uint8_t)key};
    struct kb_notice *last = waiting(box, KB_NOTICE_KEYS);
    if (last != NULL && last->length < KB_NOTICE_DATA) {
        last->data[last->length++] = data[0];
        return;
    }
    add(box, KB_NOTICE_KEYS, data, sizeof data);
}

void kb_notices_battery(struct kb_box *box)
{
    uint8_t data[8];
    uint8_t *at = kb_put16(data, box->supply.battery_mv);
    at = kb_put16(at, (uint16_t)box->supply.temperature);
    (void)kb_put32(at, box->state.uses);
    add(box, KB_NOTICE_BATTERY, data, sizeof data);
}

void kb_notices_logged(struct kb_box *box)
{
    uint8_t data[4];
    struct kb_notice *last = waiting(box, KB_NOTICE_LOGGED);
    (void)kb_put32(data, box->log.next);
    if (last != NULL) {
        memcpy(last->data, data, sizeof data);
        return;
    }
    add(box, KB_NOTICE_LOGGED, data, sizeof data);
}

void kb_notices_noticed(struct kb_box *box, uint8_t seq, uint32_t counter)
{
    struct kb_session *session = &box->session;
    if (!session->is_telling || counter != session->notice_counter || seq != (uint8_t)counter) {
        return;
    }
    session->is_telling = false;
    session->valid_ms = box->now_ms;
    drop(session, 0);
}

void kb_notices_poll(struct kb_box *box)
{
    struct kb_session *session = &box->session;
    uint8_t body[1 + KB_NOTICE_DATA];
    if (session->phase != KB_PHASE_OPEN || session->notice_count == 0 ||
        (session->is_telling && box->now_ms - session->told_ms < AGAIN_MS)) {
        return;
    }
    if (!session->is_telling) {
        session->is_telling = true;
        session->notice_counter++;
    }
    session->told_ms = box->now_ms;
    const struct kb_notice *notice = &session->notices[0];
    body[0] = notice->kind;
    memcpy(body + 1, notice->data, notice->length);
    kb_session_send(box, NOTICE, (uint8_t)session->notice_counter, session->notice_counter, body,
                    1u + notice->length, false);
}

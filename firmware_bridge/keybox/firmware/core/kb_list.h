/* A serial lock's own list: PINs of the hours in which its host is dead, as keyed digests.
 *
 * Two areas: the list in force, and one that is being written. `kb_list_end` names the other one as
 * in force in the state record, which is one write: at once or not at all.
 */
#ifndef KB_LIST_H
#define KB_LIST_H

#include "kb_cause.h"
#include "kb_code.h"
#include "kb_hal.h"
#include "kb_state.h"

#define KB_LIST_ENTRY 24u
#define KB_LIST_MAX (KB_LIST_SECTORS * KB_SECTOR / KB_LIST_ENTRY)
#define KB_LIST_REFERENCE 8u

struct kb_list {
    const struct kb_hal *hal;
    bool is_sound; /* the list in force is what its digest says */
    bool is_writing;
    uint16_t expected;
    uint16_t received;
    uint8_t digest[32]; /* of the one being written */
};

struct kb_list_match {
    enum kb_verdict verdict;
    uint8_t reference[KB_LIST_REFERENCE];
};

/* Checks the list in force against its digest. */
void kb_list_init(struct kb_list *list, const struct kb_hal *hal, const struct kb_state *state);
enum kb_cause kb_list_begin(struct kb_list *list, const struct kb_state *state, uint16_t count,
                            const uint8_t digest[32]);
enum kb_cause kb_list_data(struct kb_list *list, const struct kb_state *state,
                           const uint8_t *entries, size_t length);
/* Where count and digest are those announced, puts area, count and digest into `state`, which the
 * caller saves. */
enum kb_cause kb_list_end(struct kb_list *list, struct kb_state *state);
/* What the list says of an entry whose digest is `digest`: NOT_A_CODE where it is not on it. Looks
 * at every entry, whatever it finds. */
void kb_list_find(const struct kb_list *list, const struct kb_state *state,
                  const uint8_t digest[KB_TAG_SIZE], struct kb_interval clock,
                  struct kb_list_match *match);

#endif

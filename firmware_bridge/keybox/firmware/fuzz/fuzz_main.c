/* The targets for libFuzzer, chosen by KEYBOX_FUZZ in the environment:
 *
 *   link     any bytes, frames, and authentic requests with any body, among all other events
 *   keypad   any keys, and real codes of any window, through power cuts and clocks that stop: opens
 *            for nothing but what the judge computes to be valid
 *   storage  any bytes in the flash, and records with any content and a right check, which the
 *            device takes for its own: neither crashes nor opens
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "events.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum { LINK, KEYPAD, STORAGE } target;

int LLVMFuzzerInitialize(int *count, char ***words)
{
    const char *name = getenv("KEYBOX_FUZZ");
    (void)count, (void)words;
    if (name != NULL && strcmp(name, "keypad") == 0) {
        target = KEYPAD;
    } else if (name != NULL && strcmp(name, "storage") == 0) {
        target = STORAGE;
    } else if (name == NULL || strcmp(name, "link") != 0) {
        (void)fprintf(stderr, "KEYBOX_FUZZ is link, keypad or storage\n");
        exit(2);
    }
    board_prepare();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (target == STORAGE) {
        storage_run(data, size);
    } else {
        events_run(data, size, target == LINK);
    }
    return 0;
}

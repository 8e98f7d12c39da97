/* Frames of the maintenance link: COBS between zero bytes, version, type, seq, body, CRC-16.
 *
 * The reader takes a byte at a time and keeps nothing of a frame that is too long, badly coded, of
 * another version or with a wrong CRC: it counts it, and the next zero begins anew.
 */
#ifndef KB_FRAME_H
#define KB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KB_FRAME_MAX 512u                      /* decoded, with head and CRC */
#define KB_FRAME_ENCODED_MAX (KB_FRAME_MAX + 4u) /* COBS adds 1 in 254, then the zero */
#define KB_FRAME_HEAD 3u
#define KB_FRAME_BODY_MAX (KB_FRAME_MAX - KB_FRAME_HEAD - 2u)
#define KB_FRAME_VERSION 1u

struct kb_frame_reader {
    uint8_t data[KB_FRAME_MAX]; /* decoded so far */
    uint16_t length;
    uint8_t left;    /* bytes until the next code byte */
    bool zero_after; /* the group that runs ends with a zero, if another follows it */
    bool started;
    bool spoilt;     /* skips to the next zero */
    uint32_t lost;   /* frames dropped since the start */
};

void kb_frame_reader_init(struct kb_frame_reader *reader);
/* Takes a byte; whether a whole frame stands in `data` now, `length` bytes with version, type and
 * seq first and the CRC cut off. It stands until the next call. */
bool kb_frame_take(struct kb_frame_reader *reader, uint8_t byte);

/* Encodes `frame` (version, type, seq, body: `length` bytes, and room for two more, where the CRC
 * is put) into `wire` of KB_FRAME_ENCODED_MAX bytes; gives how many. */
size_t kb_frame_encode(uint8_t *frame, size_t length, uint8_t *wire);

#endif

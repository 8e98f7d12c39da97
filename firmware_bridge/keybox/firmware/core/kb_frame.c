#include "kb_frame.h"

#include "kb_crc.h"
#include "kb_mem.h"

static void begin(struct kb_frame_reader *reader)
{
    reader->length = 0;
    reader->left = 0;
    reader->zero_after = false;
    reader->started = false;
    reader->spoilt = false;
}

void kb_frame_reader_init(struct kb_frame_reader *reader)
{
    reader->lost = 0;
    begin(reader);
}

static void append(struct kb_frame_reader *reader, uint8_t byte)
{
    if (reader->length == KB_FRAME_MAX) {
        reader->spoilt = true;
        return;
    }
    reader->data[reader->length++] = byte;
}

/* What stands before a zero byte: a frame, nothing at all, or noise. */
static bool finish(struct kb_frame_reader *reader)
{
    if (!reader->started) {
        return false; /* zeros in a row are an idle line, no lost frames */
    }
    bool whole = !reader->spoilt && reader->left == 0 && reader->length >= KB_FRAME_HEAD + 2 &&
                 reader->data[0] == KB_FRAME_VERSION;
    size_t body = whole ? reader->length - 2u : 0;
    whole = whole && kb_crc16(reader->data, body) == kb_get16(reader->data + body);
    if (!whole) {
        reader->lost++;
    }
    begin(reader);
    reader->length = (uint16_t)body;
    return whole;
}

bool kb_frame_take(struct kb_frame_reader *reader, uint8_t byte)
{
    if (byte == 0) {
        return finish(reader);
    }
    if (!reader->started) {
        begin(reader);
        reader->started = true;
    }
    if (reader->spoilt) {
        return false;
    }
    if (reader->left > 0) {
        reader->left--;
        append(reader, byte);
        return false;
    }
    if (reader->zero_after) {
        append(reader, 0);
    }
    reader->left = (uint8_t)(byte - 1);
    reader->zero_after = byte != 0xFF;
    return false;
}

size_t kb_frame_encode(uint8_t *frame, size_t length, uint8_t *wire)
{
    size_t mark = 0; /* where the code byte of the running group goes */
    size_t end = 1;
    (void)kb_put16(frame + length, kb_crc16(frame, length));
    for (size_t i = 0; i < length + 2; i++) {
        if (frame[i] != 0) {
            wire[end++] = frame[i];
        }
        bool full = end - mark == 0xFF && i + 1 < length + 2;
        if (frame[i] == 0 || full) {
            wire[mark] = (uint8_t)(end - mark);
            mark = end++;
        }
    }
    wire[mark] = (uint8_t)(end - mark);
    wire[end++] = 0;
    return end;
}

#include "cpng.h"

#include <string.h>

#include <zlib.h>

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool cpng_find_exif(const uint8_t *data, size_t size, size_t *exif_offset, size_t *exif_size) {
    /* The signature, then chunks: length, name, content, checksum of name and content. */
    size_t at = 8;
    while (size >= 12 && at <= size - 12) {
        size_t length = big_endian(data + at);
        if (length > size - 12 - at) return false;
        const uint8_t *name = data + at + 4;
        if (memcmp(name, "IEND", 4) == 0) return false;
        if (memcmp(name, "eXIf", 4) == 0
            && crc32(0, name, (uInt)(length + 4)) == big_endian(name + 4 + length)) {
            *exif_offset = at + 8;
            *exif_size = length;
            return true;
        }
        at += 12 + length;
    }
    return false;
}

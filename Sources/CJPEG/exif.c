#include "cjpeg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libexif/exif-data.h>

/* A piece of the file. */
typedef struct span {
    const uint8_t *bytes;
    size_t size;
} span;

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, APP1 = 0xE1, TEM = 0x01, RST0 = 0xD0, RST7 = 0xD7 };

static const char exif_identifier[6] = "Exif\0";

/* The content of the first APP1 segment before the samples that begins as EXIF does; bytes is NULL when there is none.
 * Bytes between segments are passed over, as libjpeg does. */
static span exif_segment(const uint8_t *data, size_t size) {
    size_t at = 0;
    while (at + 4 <= size) {
        uint8_t marker = data[at + 1];
        bool is_marker = data[at] == 0xFF && marker != 0xFF && marker != 0;
        if (!is_marker || marker == SOI || marker == TEM || (marker >= RST0 && marker <= RST7)) {
            at += is_marker ? 2 : 1;
            continue;
        }
        if (marker == SOS || marker == EOI) break;
        size_t length = (size_t)data[at + 2] << 8 | data[at + 3];
        if (length < 2 || length > size - at - 2) break;
        span content = {data + at + 4, length - 2};
        if (marker == APP1 && content.size > sizeof exif_identifier
            && memcmp(content.bytes, exif_identifier, sizeof exif_identifier) == 0) {
            return content;
        }
        at += 2 + length;
    }
    return (span){NULL, 0};
}

static void copy_text(ExifData *data, ExifIfd directory, ExifTag tag, char text[CJPEG_TEXT_SIZE]) {
    ExifEntry *entry = exif_content_get_entry(data->ifd[directory], tag);
    if (entry == NULL || entry->format != EXIF_FORMAT_ASCII || entry->data == NULL) return;
    size_t size = entry->size < CJPEG_TEXT_SIZE - 1 ? entry->size : CJPEG_TEXT_SIZE - 1;
    memcpy(text, entry->data, size);
    text[size] = 0;
}

static int32_t orientation(ExifData *data) {
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry == NULL || entry->data == NULL || entry->components < 1) return 0;
    ExifByteOrder order = exif_data_get_byte_order(data);
    switch (entry->format) {
    case EXIF_FORMAT_BYTE:
        return entry->size >= 1 ? entry->data[0] : 0;
    case EXIF_FORMAT_SHORT:
        return entry->size >= 2 ? exif_get_short(entry->data, order) : 0;
    case EXIF_FORMAT_LONG:
        return entry->size >= 4 ? (int32_t)exif_get_long(entry->data, order) : 0;
    default:
        return 0;
    }
}

/* Reads up to three positive fractions; returns whether `count` of them are there and finite. */
static bool read_fractions(ExifData *data, ExifTag tag, int count, double values[3]) {
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_GPS], tag);
    if (entry == NULL || entry->data == NULL || entry->format != EXIF_FORMAT_RATIONAL) return false;
    if (entry->components < (unsigned long)count || entry->size < (unsigned int)(8 * count)) return false;
    for (int i = 0; i < count; i++) {
        ExifRational fraction = exif_get_rational(entry->data + 8 * i, exif_data_get_byte_order(data));
        if (fraction.denominator == 0) return false;
        values[i] = (double)fraction.numerator / (double)fraction.denominator;
    }
    return true;
}

/* The first byte of a reference such as N or S, or of the altitude's 0 or 1; -1 when it is not there. */
static int reference(ExifData *data, ExifTag tag) {
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_GPS], tag);
    return entry == NULL || entry->data == NULL || entry->size < 1 ? -1 : entry->data[0];
}

/* Degrees, minutes and seconds with a hemisphere; returns whether they are an angle of at most `limit` degrees. */
static bool read_angle(
    ExifData *data, ExifTag tag, ExifTag reference_tag, int positive, int negative, double limit, double *angle) {
    double parts[3] = {0, 0, 0};
    int hemisphere = reference(data, reference_tag);
    if (hemisphere != positive && hemisphere != negative) return false;
    if (!read_fractions(data, tag, 3, parts)) return false;
    double degrees = parts[0] + parts[1] / 60 + parts[2] / 3600;
    *angle = hemisphere == negative ? -degrees : degrees;
    return degrees <= limit;
}

static void read_position(ExifData *data, cjpeg_exif *exif) {
    exif->has_position =
        read_angle(data, (ExifTag)EXIF_TAG_GPS_LATITUDE, (ExifTag)EXIF_TAG_GPS_LATITUDE_REF, 'N', 'S', 90,
                   &exif->latitude)
        && read_angle(data, (ExifTag)EXIF_TAG_GPS_LONGITUDE, (ExifTag)EXIF_TAG_GPS_LONGITUDE_REF, 'E', 'W', 180,
                      &exif->longitude);
    double altitude[3] = {0, 0, 0};
    exif->has_altitude = read_fractions(data, (ExifTag)EXIF_TAG_GPS_ALTITUDE, 1, altitude);
    bool below_sea_level = reference(data, (ExifTag)EXIF_TAG_GPS_ALTITUDE_REF) == 1;
    exif->altitude = below_sea_level ? -altitude[0] : altitude[0];
}

/* Reads what begins with the identifier. */
static bool read_segment(span segment, cjpeg_exif *exif) {
    ExifData *parsed = exif_data_new();
    if (parsed == NULL) return false;
    /* What the file says is wanted, not what the specification would have it say. */
    exif_data_unset_option(parsed, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_load_data(parsed, segment.bytes, (unsigned int)segment.size);
    exif->orientation = orientation(parsed);
    copy_text(parsed, EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL, exif->date_time_original);
    copy_text(parsed, EXIF_IFD_EXIF, EXIF_TAG_OFFSET_TIME_ORIGINAL, exif->offset_time_original);
    copy_text(parsed, EXIF_IFD_0, EXIF_TAG_MAKE, exif->make);
    copy_text(parsed, EXIF_IFD_0, EXIF_TAG_MODEL, exif->model);
    read_position(parsed, exif);
    exif_data_unref(parsed);
    return true;
}

bool cjpeg_read_exif(const uint8_t *data, size_t size, cjpeg_exif *exif) {
    memset(exif, 0, sizeof *exif);
    span segment = exif_segment(data, size);
    return segment.bytes != NULL && read_segment(segment, exif);
}

bool cjpeg_read_exif_data(const uint8_t *data, size_t size, cjpeg_exif *exif) {
    memset(exif, 0, sizeof *exif);
    size_t identifier = sizeof exif_identifier;
    if (data == NULL || size == 0) return false;
    if (size > CJPEG_MAX_EXIF - identifier) size = CJPEG_MAX_EXIF - identifier;
    if (size > identifier && memcmp(data, exif_identifier, identifier) == 0) {
        return read_segment((span){data, size}, exif);
    }
    /* libexif wants the identifier, and to have it in front there must be a copy. */
    uint8_t *copy = malloc(identifier + size);
    if (copy == NULL) return false;
    memcpy(copy, exif_identifier, identifier);
    memcpy(copy + identifier, data, size);
    bool found = read_segment((span){copy, identifier + size}, exif);
    free(copy);
    return found;
}

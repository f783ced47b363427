#include "session.h"

#include <stdlib.h>
#include <string.h>

typedef struct decoding {
    session session;
    struct jpeg_decompress_struct decoder;
    /* One row of CMYK, from libjpeg's pool; NULL for other colors. */
    JSAMPROW cmyk;
} decoding;

static cjpeg_color color_of(J_COLOR_SPACE space) {
    switch (space) {
    case JCS_GRAYSCALE:
        return CJPEG_COLOR_GRAYSCALE;
    case JCS_YCbCr:
        return CJPEG_COLOR_YCBCR;
    case JCS_RGB:
        return CJPEG_COLOR_RGB;
    case JCS_CMYK:
        return CJPEG_COLOR_CMYK;
    case JCS_YCCK:
        return CJPEG_COLOR_YCCK;
    default:
        return CJPEG_COLOR_UNKNOWN;
    }
}

static uint64_t round_up(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

/* What libjpeg allocates, in bytes: with several scans the coefficients of the whole picture; always some rows of
 * samples, at most two rows of 16 * 16 units before and after upsampling. */
static uint64_t working_bytes(j_decompress_ptr decoder) {
    uint64_t bytes = (uint64_t)decoder->image_width * (uint64_t)decoder->num_components * 64;
    if (!jpeg_has_multiple_scans(decoder)) return bytes;
    for (int i = 0; i < decoder->num_components; i++) {
        const jpeg_component_info *component = &decoder->comp_info[i];
        uint64_t columns = round_up(component->width_in_blocks, (uint64_t)component->h_samp_factor);
        uint64_t rows = round_up(component->height_in_blocks, (uint64_t)component->v_samp_factor);
        bytes += columns * rows * sizeof(JBLOCK);
    }
    return bytes;
}

static void open_header(decoding *decoding, const uint8_t *data, size_t size) {
    jpeg_create_decompress(&decoding->decoder);
    jpeg_mem_src(&decoding->decoder, data, (unsigned long)size);
    jpeg_read_header(&decoding->decoder, TRUE);
}

static void guarded_open(decoding *decoding, const uint8_t *data, size_t size) {
    if (setjmp(decoding->session.escape) == 0) open_header(decoding, data, size);
}

cjpeg_status cjpeg_read_header(const uint8_t *data, size_t size, cjpeg_header *header, cjpeg_report *report) {
    decoding decoding;
    memset(&decoding, 0, sizeof decoding);
    memset(header, 0, sizeof *header);
    j_decompress_ptr decoder = &decoding.decoder;
    decoder->err = session_begin(&decoding.session, report);
    decoder->client_data = &decoding.session;
    if (data == NULL || size == 0) return CJPEG_BAD_ARGUMENT;
    guarded_open(&decoding, data, size);
    if (decoding.session.status == CJPEG_OK) {
        header->progressive = decoder->progressive_mode;
        header->multiple_scans = jpeg_has_multiple_scans(decoder);
        header->working_bytes = working_bytes(decoder);
        header->color = color_of(decoder->jpeg_color_space);
    }
    header->width = decoder->image_width;
    header->height = decoder->image_height;
    header->components = decoder->num_components;
    jpeg_destroy_decompress(decoder);
    return decoding.session.status;
}

/* Called by libjpeg for each row of blocks that it reads ahead, which it only does when there are several scans. */
static void on_progress(j_common_ptr object) {
    session *session = object->client_data;
    j_decompress_ptr decoder = (j_decompress_ptr)object;
    if (decoder->input_scan_number > session->max_scans) session_fail(object, CJPEG_TOO_MANY_SCANS);
}

/* round(a * b / 255), exactly, for 0 <= a, b <= 255. Source: Pillow, src/libImaging/ImagingUtils.h, MULDIV255. */
static inline int scaled(int a, int b) {
    int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

static void rgb_of_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, JDIMENSION width) {
    for (JDIMENSION x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        int k = cmyk[3];
        rgb[0] = (uint8_t)(k - scaled(255 - cmyk[0], k));
        rgb[1] = (uint8_t)(k - scaled(255 - cmyk[1], k));
        rgb[2] = (uint8_t)(k - scaled(255 - cmyk[2], k));
    }
}

/* Whether scans are missing at the end of a file that has no end marker. */
static bool lacks_scans(j_decompress_ptr decoder) {
    /* Without progression, libjpeg does not remember which components it has seen. */
    if (decoder->coef_bits == NULL) return true;
    for (int component = 0; component < decoder->num_components; component++) {
        for (int coefficient = 0; coefficient < DCTSIZE2; coefficient++) {
            if (decoder->coef_bits[component][coefficient] != 0) return true;
        }
    }
    return false;
}

static void read_rows(decoding *decoding, uint8_t *pixels) {
    j_decompress_ptr decoder = &decoding->decoder;
    size_t stride = (size_t)decoder->output_width * 3;
    while (decoder->output_scanline < decoder->output_height) {
        JSAMPROW row = pixels + stride * decoder->output_scanline;
        if (decoding->cmyk == NULL) {
            jpeg_read_scanlines(decoder, &row, 1);
        } else {
            jpeg_read_scanlines(decoder, &decoding->cmyk, 1);
            rgb_of_inverted_cmyk(decoding->cmyk, row, decoder->output_width);
        }
    }
}

static void decode(
    decoding *decoding, const uint8_t *data, size_t size, const cjpeg_decode_options *options, uint8_t *pixels,
    size_t pixels_size) {
    session *session = &decoding->session;
    j_decompress_ptr decoder = &decoding->decoder;
    open_header(decoding, data, size);
    int components = decoder->num_components;
    if (components != 1 && components != 3 && components != 4) {
        session_fail((j_common_ptr)decoder, CJPEG_UNSUPPORTED_COLOR);
    }
    decoder->mem->max_memory_to_use = (long)options->max_memory;
    session->max_scans = options->max_scans;
    session->progress.progress_monitor = on_progress;
    decoder->progress = &session->progress;
    decoder->scale_num = 1;
    decoder->scale_denom = (unsigned int)options->scale_denominator;
    decoder->out_color_space = components == 4 ? JCS_CMYK : JCS_RGB;
    decoder->dct_method = JDCT_ISLOW;
    decoder->do_fancy_upsampling = TRUE;
    jpeg_calc_output_dimensions(decoder);
    if (pixels_size != (size_t)decoder->output_width * decoder->output_height * 3) {
        session_fail((j_common_ptr)decoder, CJPEG_BAD_ARGUMENT);
    }
    session->report->in_samples = true;
    jpeg_start_decompress(decoder);
    if (session->reached_end && jpeg_has_multiple_scans(decoder) && lacks_scans(decoder)) {
        session_fail((j_common_ptr)decoder, CJPEG_TRUNCATED);
    }
    if (components == 4) {
        decoding->cmyk = decoder->mem->alloc_large(
            (j_common_ptr)decoder, JPOOL_IMAGE, (size_t)decoder->output_width * 4);
    }
    read_rows(decoding, pixels);
}

static void guarded_decode(
    decoding *decoding, const uint8_t *data, size_t size, const cjpeg_decode_options *options, uint8_t *pixels,
    size_t pixels_size) {
    if (setjmp(decoding->session.escape) == 0) decode(decoding, data, size, options, pixels, pixels_size);
}

cjpeg_status cjpeg_decode(
    const uint8_t *data, size_t size, const cjpeg_decode_options *options, uint8_t *pixels, size_t pixels_size,
    cjpeg_report *report) {
    decoding decoding;
    memset(&decoding, 0, sizeof decoding);
    decoding.decoder.err = session_begin(&decoding.session, report);
    decoding.decoder.client_data = &decoding.session;
    int denominator = options->scale_denominator;
    if (data == NULL || size == 0 || pixels == NULL || options->max_scans < 1 || options->max_memory < 1) {
        return CJPEG_BAD_ARGUMENT;
    }
    if (denominator != 1 && denominator != 2 && denominator != 4 && denominator != 8) return CJPEG_BAD_ARGUMENT;
    guarded_decode(&decoding, data, size, options, pixels, pixels_size);
    jpeg_destroy_decompress(&decoding.decoder);
    return decoding.session.status;
}

#define CJPEG_TEXT_OF(macro) CJPEG_TEXT(macro)
#define CJPEG_TEXT(token) #token

const char *cjpeg_library_version(void) { return CJPEG_TEXT_OF(LIBJPEG_TURBO_VERSION); }

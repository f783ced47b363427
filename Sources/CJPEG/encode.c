#include "session.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

/*
 * Output into memory that grows. libjpeg has such a destination (jpeg_mem_dest), but leaves the caller with a pointer
 * to freed memory when an error strikes after it has grown.
 */
typedef struct sink {
    struct jpeg_destination_mgr manager;
    uint8_t *bytes;
    size_t size;
} sink;

typedef struct encoding {
    session session;
    struct jpeg_compress_struct encoder;
    sink sink;
} encoding;

static void grow(j_compress_ptr encoder, size_t size) {
    sink *sink = (struct sink *)encoder->dest;
    size_t used = sink->size;
    uint8_t *bytes = realloc(sink->bytes, size);
    if (bytes == NULL) ERREXIT1(encoder, JERR_OUT_OF_MEMORY, 0);
    sink->bytes = bytes;
    sink->size = size;
    sink->manager.next_output_byte = bytes + used;
    sink->manager.free_in_buffer = size - used;
}

static void on_begin(j_compress_ptr encoder) { grow(encoder, 1 << 14); }

static boolean on_full(j_compress_ptr encoder) {
    grow(encoder, 2 * ((sink *)encoder->dest)->size);
    return TRUE;
}

static void on_end(j_compress_ptr encoder) { (void)encoder; }

static void encode(
    encoding *encoding, const uint8_t *pixels, uint32_t width, uint32_t height, const cjpeg_encode_options *options) {
    j_compress_ptr encoder = &encoding->encoder;
    jpeg_create_compress(encoder);
    encoding->sink.manager.init_destination = on_begin;
    encoding->sink.manager.empty_output_buffer = on_full;
    encoding->sink.manager.term_destination = on_end;
    encoder->dest = &encoding->sink.manager;
    encoder->image_width = width;
    encoder->image_height = height;
    encoder->input_components = 3;
    encoder->in_color_space = JCS_RGB;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, options->quality, TRUE);
    if (options->progressive) jpeg_simple_progression(encoder);
    jpeg_start_compress(encoder, TRUE);
    if (options->app1 != NULL) {
        jpeg_write_marker(encoder, JPEG_APP0 + 1, options->app1, (unsigned int)options->app1_size);
    }
    while (encoder->next_scanline < height) {
        /* libjpeg does not write to its input; its interface only forgot to say so. */
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)width * 3 * encoder->next_scanline);
        jpeg_write_scanlines(encoder, &row, 1);
    }
    jpeg_finish_compress(encoder);
}

static void guarded_encode(
    encoding *encoding, const uint8_t *pixels, uint32_t width, uint32_t height, const cjpeg_encode_options *options) {
    if (setjmp(encoding->session.escape) == 0) encode(encoding, pixels, width, height, options);
}

cjpeg_status cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, const cjpeg_encode_options *options, uint8_t **output,
    size_t *output_size, cjpeg_report *report) {
    encoding encoding;
    memset(&encoding, 0, sizeof encoding);
    *output = NULL;
    *output_size = 0;
    encoding.encoder.err = session_begin(&encoding.session, report);
    encoding.encoder.client_data = &encoding.session;
    if (width < 1 || height < 1 || options->quality < 1 || options->quality > 100 || options->app1_size > 65533) {
        return CJPEG_BAD_ARGUMENT;
    }
    if (width > CJPEG_MAX_SIDE || height > CJPEG_MAX_SIDE) return CJPEG_SIDE_TOO_LONG;
    guarded_encode(&encoding, pixels, width, height, options);
    if (encoding.session.status == CJPEG_OK) {
        *output = encoding.sink.bytes;
        *output_size = encoding.sink.size - encoding.sink.manager.free_in_buffer;
    } else {
        free(encoding.sink.bytes);
    }
    jpeg_destroy_compress(&encoding.encoder);
    return encoding.session.status;
}

void cjpeg_free(uint8_t *output) { free(output); }

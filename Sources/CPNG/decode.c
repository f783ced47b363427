#include "cpng.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/*
 * One use of libpng, found again from its callbacks. A function that calls setjmp on `escape` has no variables of its
 * own: a jump would leave their values undefined. What is needed afterwards belongs to its caller.
 */
typedef struct session {
    jmp_buf escape;
    cpng_status status;
    cpng_report *report;
    png_structp png;
    png_infop info;
    const uint8_t *data;
    size_t size;
    size_t at;
    /* Whether libpng asked for bytes beyond the last one, or for more memory than it may have. */
    bool reached_end;
    bool reached_memory;
    uint64_t allocated;
    uint64_t max_memory;
    /* One row as libpng gives it, where it does not go straight to the output; else NULL. */
    uint8_t *row;
} session;

static _Noreturn void fail(session *session, cpng_status status, const char *message) {
    strncpy(session->report->message, message, CPNG_MESSAGE_SIZE - 1);
    session->status = status;
    longjmp(session->escape, 1);
}

static _Noreturn void on_error(png_structp png, png_const_charp message) {
    session *session = png_get_error_ptr(png);
    /* Whatever libpng makes of data or memory that are not there, their absence is the reason. */
    cpng_status status = session->reached_end ? CPNG_TRUNCATED : CPNG_CORRUPT;
    if (session->reached_memory) status = CPNG_TOO_MUCH_MEMORY;
    fail(session, status, message);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep output, size_t count) {
    session *session = png_get_io_ptr(png);
    if (count > session->size - session->at) {
        session->reached_end = true;
        png_error(png, "the data end");
    }
    memcpy(output, session->data + session->at, count);
    session->at += count;
}

/* Counts what is ever allocated, which libpng gives back late if at all. */
static png_voidp on_allocate(png_structp png, png_alloc_size_t count) {
    session *session = png_get_mem_ptr(png);
    session->allocated += count;
    void *memory = session->allocated <= session->max_memory ? malloc(count) : NULL;
    session->reached_memory = session->reached_memory || memory == NULL;
    return memory;
}

static void on_free(png_structp png, png_voidp memory) {
    (void)png;
    free(memory);
}

static void open_header(session *session) {
    session->png = png_create_read_struct_2(
        PNG_LIBPNG_VER_STRING, session, on_error, on_warning, session, on_allocate, on_free);
    if (session->png == NULL) fail(session, CPNG_TOO_MUCH_MEMORY, "");
    session->info = png_create_info_struct(session->png);
    if (session->info == NULL) fail(session, CPNG_TOO_MUCH_MEMORY, "");
    png_set_read_fn(session->png, session, on_read);
    /* The caller has limits of its own, which are said in better words. */
    png_set_user_limits(session->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    /* 0 is no limit: of the chunks that are not skipped only PLTE and tRNS are stored, which have a size of their own.
     * With a limit libpng would refuse pictures for long texts that it skips. */
    png_set_chunk_malloc_max(session->png, 0);
    /* -1: all chunks but IHDR, PLTE, tRNS, IDAT and IEND. */
    png_set_keep_unknown_chunks(session->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(session->png, session->info);
}

static void session_begin(
    session *session, const uint8_t *data, size_t size, uint64_t max_memory, cpng_report *report) {
    memset(session, 0, sizeof *session);
    memset(report, 0, sizeof *report);
    session->data = data;
    session->size = size;
    session->max_memory = max_memory;
    session->report = report;
}

static void session_end(session *session) {
    free(session->row);
    if (session->png != NULL) png_destroy_read_struct(&session->png, &session->info, NULL);
}

static void guarded_open(session *session) {
    if (setjmp(session->escape) == 0) open_header(session);
}

static void describe(const session *session, cpng_header *header) {
    uint8_t type = png_get_color_type(session->png, session->info);
    bool has_transparency = png_get_valid(session->png, session->info, PNG_INFO_tRNS) != 0;
    header->color = CPNG_COLOR_GRAYSCALE;
    if ((type & PNG_COLOR_MASK_COLOR) != 0) header->color = CPNG_COLOR_RGB;
    if ((type & PNG_COLOR_MASK_PALETTE) != 0) header->color = CPNG_COLOR_PALETTE;
    header->components = png_get_channels(session->png, session->info);
    header->alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || has_transparency;
    header->interlaced = png_get_interlace_type(session->png, session->info) != PNG_INTERLACE_NONE;
    /* Two rows of libpng's of at most 8 bytes a pixel, one of ours of 4, and what does not grow with the picture: its
     * structures and the window of inflate. */
    header->working_bytes = ((uint64_t)header->width + 16) * (8 + 8 + 4) + ((uint64_t)128 << 10);
}

cpng_status cpng_read_header(const uint8_t *data, size_t size, cpng_header *header, cpng_report *report) {
    session session;
    session_begin(&session, data, size, (uint64_t)1 << 20, report);
    memset(header, 0, sizeof *header);
    if (data == NULL || size == 0) return CPNG_BAD_ARGUMENT;
    guarded_open(&session);
    if (session.info != NULL) {
        header->width = png_get_image_width(session.png, session.info);
        header->height = png_get_image_height(session.png, session.info);
    }
    if (session.status == CPNG_OK) describe(&session, header);
    session_end(&session);
    return session.status;
}

/* round((color * alpha + 255 * (255 - alpha)) / 255), exactly. Source: Pillow, src/libImaging/ImagingUtils.h. */
static inline uint8_t over_white(int color, int alpha) {
    int sum = color * alpha + 255 * (255 - alpha) + 128;
    return (uint8_t)(((sum >> 8) + sum) >> 8);
}

/* Puts `columns` pixels of one row, `step` pixels apart, into a row of the picture. */
static void place(const uint8_t *row, uint32_t columns, int channels, uint8_t *pixel, size_t step) {
    for (uint32_t column = 0; column < columns; column++, row += channels, pixel += 3 * step) {
        int alpha = channels == 4 ? row[3] : 255;
        for (int i = 0; i < 3; i++) pixel[i] = over_white(row[i], alpha);
    }
}

static void read_pass(session *session, int pass, bool interlaced, uint8_t *pixels) {
    uint32_t width = png_get_image_width(session->png, session->info);
    uint32_t height = png_get_image_height(session->png, session->info);
    int channels = png_get_channels(session->png, session->info);
    uint32_t columns = interlaced ? PNG_PASS_COLS(width, pass) : width;
    uint32_t rows = interlaced ? PNG_PASS_ROWS(height, pass) : height;
    if (columns == 0) return;
    size_t step = interlaced ? PNG_PASS_COL_OFFSET(pass) : 1;
    session->report->pass = pass + 1;
    session->report->rows = rows;
    for (uint32_t row = 0; row < rows; row++) {
        session->report->rows_decoded = row;
        size_t y = interlaced ? PNG_ROW_FROM_PASS_ROW(row, pass) : row;
        uint8_t *line = pixels + y * width * 3;
        png_read_row(session->png, session->row == NULL ? line : session->row, NULL);
        if (session->row == NULL) continue;
        place(session->row, columns, channels, line + (interlaced ? 3 * PNG_PASS_START_COL(pass) : 0), step);
    }
}

static void decode(session *session, uint8_t *pixels, size_t pixels_size) {
    open_header(session);
    png_structp png = session->png;
    png_infop info = session->info;
    size_t width = png_get_image_width(png, info);
    if (pixels_size / 3 / width != png_get_image_height(png, info)
        || pixels_size != width * png_get_image_height(png, info) * 3) {
        fail(session, CPNG_BAD_ARGUMENT, "");
    }
    bool interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    /* Interlaced rows are not combined by libpng, which would need the whole picture with its opacity. */
    png_read_update_info(png, info);
    int channels = png_get_channels(png, info);
    if ((channels != 3 && channels != 4) || png_get_rowbytes(png, info) != width * (size_t)channels) {
        fail(session, CPNG_CORRUPT, "neither three nor four samples a pixel");
    }
    if (interlaced || channels == 4) {
        session->row = on_allocate(png, width * (size_t)channels);
        if (session->row == NULL) fail(session, CPNG_TOO_MUCH_MEMORY, "");
    }
    session->report->in_samples = true;
    for (int pass = 0; pass < (interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1); pass++) {
        read_pass(session, pass, interlaced, pixels);
    }
}

static void guarded_decode(session *session, uint8_t *pixels, size_t pixels_size) {
    if (setjmp(session->escape) == 0) decode(session, pixels, pixels_size);
}

cpng_status cpng_decode(
    const uint8_t *data, size_t size, uint64_t max_memory, uint8_t *pixels, size_t pixels_size, cpng_report *report) {
    session session;
    session_begin(&session, data, size, max_memory, report);
    if (data == NULL || size == 0 || pixels == NULL || max_memory < 1) return CPNG_BAD_ARGUMENT;
    guarded_decode(&session, pixels, pixels_size);
    session_end(&session);
    return session.status;
}

const char *cpng_library_version(void) { return png_get_libpng_ver(NULL); }

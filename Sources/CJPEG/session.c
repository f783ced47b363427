#include "session.h"

#include <string.h>

#include <jerror.h>

static cjpeg_status status_of(int message_code) {
    switch (message_code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return CJPEG_UNSUPPORTED;
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
        return CJPEG_UNSUPPORTED_COLOR;
    case JERR_IMAGE_TOO_BIG:
        return CJPEG_SIDE_TOO_LONG;
    case JERR_NO_BACKING_STORE:
    case JERR_OUT_OF_MEMORY:
        return CJPEG_TOO_MUCH_MEMORY;
    default:
        return CJPEG_CORRUPT;
    }
}

_Noreturn void session_fail(j_common_ptr object, cjpeg_status status) {
    session *session = object->client_data;
    _Static_assert(CJPEG_MESSAGE_SIZE >= JMSG_LENGTH_MAX, "libjpeg writes so much into a message");
    object->err->format_message(object, session->report->message);
    if (status == CJPEG_TRUNCATED && object->is_decompressor) {
        j_decompress_ptr decoder = (j_decompress_ptr)object;
        session->report->scan = decoder->input_scan_number;
        session->report->rows_decoded = decoder->output_scanline;
        session->report->rows = decoder->output_height;
    }
    session->status = status;
    longjmp(session->escape, 1);
}

static void on_error(j_common_ptr object) {
    session *session = object->client_data;
    cjpeg_status status = status_of(object->err->msg_code);
    /* Whatever libjpeg makes of data that are not there, their absence is the reason. */
    if (status == CJPEG_CORRUPT && session->reached_end) status = CJPEG_TRUNCATED;
    session_fail(object, status);
}

/* The samples lack bits: is it the end of the data, a stray marker, or just one restart interval? */
static void on_missing_samples(j_decompress_ptr decoder) {
    bool next_is_restart = decoder->unread_marker >= JPEG_RST0 && decoder->unread_marker <= JPEG_RST0 + 7;
    if (decoder->unread_marker == JPEG_EOI) session_fail((j_common_ptr)decoder, CJPEG_TRUNCATED);
    if (!next_is_restart) session_fail((j_common_ptr)decoder, CJPEG_CORRUPT);
}

static void on_message(j_common_ptr object, int level) {
    if (level >= 0 || !object->is_decompressor) return;
    object->err->num_warnings += 1;
    session *session = object->client_data;
    j_decompress_ptr decoder = (j_decompress_ptr)object;
    switch (object->err->msg_code) {
    case JWRN_JPEG_EOF:
        session->reached_end = true;
        /* The arithmetic decoder makes up the bits it lacks and never says so. */
        if (decoder->arith_code && session->report->in_samples) session_fail(object, CJPEG_TRUNCATED);
        break;
    case JWRN_HIT_MARKER:
        on_missing_samples(decoder);
        break;
    default:
        break;
    }
}

static void on_output(j_common_ptr object) { (void)object; }

struct jpeg_error_mgr *session_begin(session *session, cjpeg_report *report) {
    memset(session, 0, sizeof *session);
    memset(report, 0, sizeof *report);
    session->report = report;
    jpeg_std_error(&session->errors);
    session->errors.error_exit = on_error;
    session->errors.emit_message = on_message;
    session->errors.output_message = on_output;
    return &session->errors;
}

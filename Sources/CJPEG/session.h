#ifndef LIKENESS_CJPEG_SESSION_H
#define LIKENESS_CJPEG_SESSION_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "cjpeg.h"

/*
 * One use of libjpeg, found again from its callbacks by client_data. A function that calls setjmp on `escape` has no
 * variables of its own: a jump would leave their values undefined. What is needed afterwards belongs to its caller.
 */
typedef struct session {
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    cjpeg_status status;
    cjpeg_report *report;
    /* Decoding: whether libjpeg asked for bytes beyond the last one. */
    bool reached_end;
    int32_t max_scans;
} session;

/* Makes the session the error handler of an object of libjpeg that is yet to be created. */
struct jpeg_error_mgr *session_begin(session *session, cjpeg_report *report);

/* Leaves libjpeg with this status. Does not return. */
_Noreturn void session_fail(j_common_ptr object, cjpeg_status status);

#endif

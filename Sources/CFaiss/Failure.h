#ifndef LIKENESS_CFAISS_FAILURE_H
#define LIKENESS_CFAISS_FAILURE_H

#include "cfaiss.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

namespace likeness {

/* Cuts `text` to what fits into the caller's buffer, zero byte included. */
inline void explain(const char *text, char *message, size_t capacity) {
    if (message == nullptr || capacity == 0) return;
    const size_t length = std::min(std::strlen(text), capacity - 1);
    std::memcpy(message, text, length);
    message[length] = '\0';
}

/* Runs `body`; what it throws becomes a status and a message. */
template <typename Body>
cfaiss_status guarded(char *message, size_t capacity, Body body) noexcept {
    try {
        body();
        return CFAISS_OK;
    } catch (const std::bad_alloc &) {
        explain("not enough memory", message, capacity);
        return CFAISS_OUT_OF_MEMORY;
    } catch (const std::exception &error) {
        explain(error.what(), message, capacity);
        return CFAISS_REFUSED;
    } catch (...) {
        explain("an exception without a message", message, capacity);
        return CFAISS_REFUSED;
    }
}

}  // namespace likeness

/* OpenMP's own functions. clang as Swift brings it has no omp.h, and nothing here needs its pragmas. */
extern "C" void omp_set_num_threads(int);
extern "C" int omp_get_num_procs(void);

#endif

#include "Failure.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/Index.h>
#pragma GCC diagnostic pop

#define LIKENESS_TEXT_OF(value) #value
#define LIKENESS_TEXT(value) LIKENESS_TEXT_OF(value)

extern "C" const char *cfaiss_version(void) {
    return LIKENESS_TEXT(FAISS_VERSION_MAJOR) "." LIKENESS_TEXT(FAISS_VERSION_MINOR) "." LIKENESS_TEXT(
        FAISS_VERSION_PATCH);
}

extern "C" int cfaiss_usable_cores(void) { return std::max(1, omp_get_num_procs()); }

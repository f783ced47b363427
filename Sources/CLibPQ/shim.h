#ifndef LIKENESS_CLIBPQ_H
#define LIKENESS_CLIBPQ_H

#include <libpq-fe.h>

#endif

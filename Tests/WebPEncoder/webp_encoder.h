/* What writes the WebP files that tests read: libwebp's simple encoding interface. */
#include <webp/encode.h>

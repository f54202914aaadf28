/* Loaded behind a sanitizer's library by LD_PRELOAD: the process is watched, the shells and tools that
** its tests start are not. */
#include <stdlib.h>

__attribute__((constructor)) static void unset(void) { unsetenv("LD_PRELOAD"); }

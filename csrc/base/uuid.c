#include "base/uuid.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

void mill_uuid(char out[MILL_UUID]) {
  uint8_t b[16] = {0};
  if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) b[0] = 1;
  b[6] = (uint8_t)((b[6] & 15) | 0x40);
  b[8] = (uint8_t)((b[8] & 63) | 0x80);
  for (int i = 0, n = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out[n++] = '-';
    n += snprintf(out + n, 3, "%02x", b[i]);
  }
}

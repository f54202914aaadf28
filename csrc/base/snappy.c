/* Unpacking Snappy blocks; see snappy.h. Pieces are copied 16 bytes at a time while there is room
** behind them, which the next piece overwrites; near the ends byte by byte. */
#include "base/snappy.h"

#include <stdint.h>
#include <string.h>

enum { SLACK = 16 };

static const uint8_t *read_size(const uint8_t *at, const uint8_t *end, size_t *size) {
  uint64_t v = 0;
  for (int shift = 0; shift < 35 && at < end; shift += 7) {
    v |= (uint64_t)(*at & 0x7f) << shift;
    if (*at++ < 0x80) {
      *size = (size_t)v;
      return v <= UINT32_MAX ? at : NULL;
    }
  }
  return NULL;
}

bool mill_snappy_size(const void *p, size_t n, size_t *size) {
  return read_size(p, (const uint8_t *)p + n, size) != NULL;
}

typedef struct unpacking {
  const uint8_t *at, *end;
  uint8_t *begin, *to, *stop;
} unpacking;

/* A literal's length is in its tag, or in the 1..4 bytes behind it. */
static bool literal(unpacking *u, uint8_t tag) {
  size_t n = (size_t)(tag >> 2) + 1, left = (size_t)(u->end - u->at);
  if (n > 60) {
    size_t bytes = n - 60;
    if (left < bytes) return false;
    n = 0;
    for (size_t i = 0; i < bytes; i++) n |= (size_t)u->at[i] << 8 * i;
    n++;
    u->at += bytes;
    left -= bytes;
  }
  size_t room = (size_t)(u->stop - u->to);
  if (n > left || n > room) return false;
  if (n <= SLACK && left >= SLACK && room >= SLACK)
    memcpy(u->to, u->at, SLACK);
  else
    memcpy(u->to, u->at, n);
  u->at += n;
  u->to += n;
  return true;
}

static bool copy(unpacking *u, size_t n, size_t back) {
  size_t room = (size_t)(u->stop - u->to);
  if (back == 0 || back > (size_t)(u->to - u->begin) || n > room) return false;
  const uint8_t *from = u->to - back;
  uint8_t *to = u->to, *stop = to + n;
  u->to = stop;
  if (back >= SLACK && room - n >= SLACK) {
    for (; to < stop; to += SLACK, from += SLACK) memcpy(to, from, SLACK);
    return true;
  }
  if (back >= 8 && room - n >= 8) {
    for (; to < stop; to += 8, from += 8) memcpy(to, from, 8);
    return true;
  }
  while (to < stop) *to++ = *from++;
  return true;
}

static bool piece(unpacking *u) {
  uint8_t tag = *u->at++;
  size_t left = (size_t)(u->end - u->at);
  switch (tag & 3) {
  case 0: return literal(u, tag);
  case 1:
    if (left < 1) return false;
    u->at += 1;
    return copy(u, (size_t)(tag >> 2 & 7) + 4, (size_t)(tag >> 5) << 8 | u->at[-1]);
  case 2:
    if (left < 2) return false;
    u->at += 2;
    return copy(u, (size_t)(tag >> 2) + 1, (size_t)u->at[-2] | (size_t)u->at[-1] << 8);
  default:
    if (left < 4) return false;
    u->at += 4;
    return copy(u, (size_t)(tag >> 2) + 1,
                (size_t)u->at[-4] | (size_t)u->at[-3] << 8 | (size_t)u->at[-2] << 16 |
                    (size_t)u->at[-1] << 24);
  }
}

bool mill_snappy_unpack(const void *p, size_t n, void *out, size_t size) {
  const uint8_t *end = (const uint8_t *)p + n;
  size_t stated;
  unpacking u = {read_size(p, end, &stated), end, out, out, (uint8_t *)out + size};
  if (!u.at || stated != size) return false;
  while (u.at < u.end)
    if (!piece(&u)) return false;
  return u.to == u.stop;
}

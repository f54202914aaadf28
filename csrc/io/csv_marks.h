/* Walking over the bytes of CSV that mean anything: separators, line ends, quotes, escapes, found 64
** at a time as bit masks. For records of the common form (csv_plan.simple); private to the scanners
** csv_scan.c and csv_seam.c.
**
** Places are numbers of bytes from the window's data. A place behind the bytes that are there is
** m->end: what stands there is not known yet, unless the file has ended. */
#ifndef MILL_IO_CSV_MARKS_H
#define MILL_IO_CSV_MARKS_H

#include "base/marks.h"
#include "io/csv_int.h"

enum { CSV_BLOCKS = 64 }; /* masks found at a time */

typedef struct csv_marks {
  const char *data;
  uint32_t end;
  uint32_t block; /* the place of the block at hand */
  uint64_t mask;  /* what is left of it */
  uint32_t from;  /* the place of the block of cache[0] */
  bool eof, multi;
  bool either; /* lines end with \n, \r or \r\n; else with `last`, of a `pair` behind a \r */
  bool pair;
  char sep, last;
  int quote, escape;
  unsigned char set[MILL_MARKS], ends[MILL_MARKS]; /* without separators */
  bool narrow;                                     /* `other` is filled too */
  uint64_t cache[CSV_BLOCKS], other[CSV_BLOCKS];
} csv_marks;

/* `fields`: are separators looked for? */
static inline void marks_begin(csv_marks *m, const csv_source *s, bool fields) {
  const csv_plan *plan = s->plan;
  const io_separator line = s->newline;
  m->data = s->window->data;
  m->end = (uint32_t)s->window->have;
  m->eof = s->window->eof;
  m->multi = plan->multi;
  m->either = line.text == NULL;
  m->pair = line.size == 2;
  m->sep = plan->sep[0];
  m->last = line.text ? line.text[line.size - 1] : '\n';
  m->quote = plan->quote;
  m->escape = plan->escape;
  unsigned char last = (unsigned char)m->last;
  m->set[0] = last;
  m->set[1] = m->either ? '\r' : last;
  m->set[2] = fields ? (unsigned char)m->sep : last;
  m->set[3] = plan->quote == CSV_NONE ? last : (unsigned char)plan->quote;
  m->set[4] = m->set[5] = plan->escape == CSV_NONE ? last : (unsigned char)plan->escape;
  memcpy(m->ends, m->set, sizeof m->set);
  m->ends[2] = last;
  m->narrow = false;
}

static inline void marks_look(csv_marks *m) {
  size_t left = (m->end - m->block + 63) / 64;
  if (left > CSV_BLOCKS) left = CSV_BLOCKS;
  mill_marks_find(m->data + m->block, left, m->set, m->cache);
  if (m->narrow) mill_marks_find(m->data + m->block, left, m->ends, m->other);
  m->from = m->block;
  m->mask = m->cache[0];
}

/* Go on from a place. */
static inline void marks_at(csv_marks *m, uint32_t at) {
  m->block = at;
  m->mask = 0;
  if (at < m->end) marks_look(m);
}

/* The next marked byte, or end. */
static inline uint32_t marks_next(csv_marks *m) {
  while (__builtin_expect(m->mask == 0, 0)) {
    if (m->end - m->block <= 64) return m->end;
    m->block += 64;
    uint32_t k = (m->block - m->from) / 64;
    if (k < CSV_BLOCKS)
      m->mask = m->cache[k];
    else
      marks_look(m);
  }
  uint32_t at = m->block + (uint32_t)__builtin_ctzll(m->mask);
  m->mask &= m->mask - 1;
  return at < m->end ? at : m->end;
}

/* The next marked byte that is no separator, or end; of the narrow marks. */
static inline uint32_t marks_next_end(csv_marks *m) {
  m->mask &= m->other[(m->block - m->from) / 64];
  while (__builtin_expect(m->mask == 0, 0)) {
    if (m->end - m->block <= 64) return m->end;
    m->block += 64;
    uint32_t k = (m->block - m->from) / 64;
    if (k >= CSV_BLOCKS) {
      marks_look(m);
      k = 0;
    }
    m->mask = m->other[k];
  }
  uint32_t at = m->block + (uint32_t)__builtin_ctzll(m->mask);
  m->mask = m->cache[(m->block - m->from) / 64] & (~1ull << (at - m->block));
  return at < m->end ? at : m->end;
}

typedef enum csv_seen {
  CSV_SEEN,
  CSV_SLOW, /* not of the common form: the long way */
  CSV_MORE, /* bytes behind the window decide */
  CSV_FAILED,
} csv_seen;

/* Is the mark at `at` the end of a line, for a field from `start` on? */
static inline bool marks_ends(const csv_marks *m, uint32_t at, uint32_t start) {
  char c = m->data[at];
  if (c != m->last) return m->either && c == '\r';
  return !m->pair || (at > start && m->data[at - 1] == '\r');
}

/* Does a line end begin at the place? */
static inline csv_seen marks_line_end(const csv_marks *m, uint32_t at) {
  if (at >= m->end) return m->eof ? CSV_SEEN : CSV_MORE;
  char c = m->data[at];
  if (m->either) return c == '\n' || c == '\r' ? CSV_SEEN : CSV_SLOW;
  if (!m->pair) return c == m->last ? CSV_SEEN : CSV_SLOW;
  if (c != '\r') return CSV_SLOW;
  if (at + 1 >= m->end) return m->eof ? CSV_SLOW : CSV_MORE;
  return m->data[at + 1] == m->last ? CSV_SEEN : CSV_SLOW;
}

/* Of a field whose opening quote is at `open` and has been taken: where its closing quote is, which
** a separator, a line end or the file's end follows. `doubled`: quotes inside it stand twice. */
static inline csv_seen marks_close(csv_marks *m, uint32_t open, uint32_t *close, bool *doubled) {
  *doubled = false;
  for (;;) {
    uint32_t q = marks_next(m);
    if (q >= m->end) return m->eof ? CSV_SLOW : CSV_MORE;
    char c = m->data[q];
    if ((unsigned char)c == m->quote) {
      if (q + 1 >= m->end && !m->eof) return CSV_MORE;
      if (m->escape == m->quote && q + 1 < m->end && m->data[q + 1] == c) {
        (void)marks_next(m);
        *doubled = true;
        continue;
      }
      *close = q;
      return q + 1 < m->end && m->data[q + 1] == m->sep ? CSV_SEEN : marks_line_end(m, q + 1);
    }
    if ((unsigned char)c == m->escape) return CSV_SLOW;
    if (c == m->sep) continue;
    if (!m->multi) return CSV_SLOW; /* the line ends */
    if (m->pair ? q > open + 1 && m->data[q - 1] == '\r' : c != '\n')
      return CSV_SLOW; /* becomes a \n */
  }
}

#endif

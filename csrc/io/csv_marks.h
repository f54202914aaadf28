/* Where fields and lines of CSV end, 64 bytes at a time: for records of the common form (csv_plan.simple).
** Private to the scanners csv_scan.c and csv_seam.c.
**
** In a block let Q be the bits of quotes. A running xor over Q has ones from each opening quote up to its
** closing one, so that separators and line ends count where it has zeros. That holds as long as quotes open
** where a field begins and close where it ends, or stand twice. The first byte that says otherwise ends the
** walk: the record around it takes the long way (mill_csv_split), and the walk begins again behind it.
**
** Places are numbers of bytes from the window's data. */
#ifndef MILL_IO_CSV_MARKS_H
#define MILL_IO_CSV_MARKS_H

#include "base/marks.h"
#include "io/csv_int.h"

/* Into loops that are built twice (base/hot.h). */
#define CSV_INLINE static inline __attribute__((always_inline))

enum { CSV_BLOCKS = 16 };                                /* masks found at a time */
enum { CSV_SEP, CSV_LF, CSV_QUOTE, CSV_CR, CSV_ESCAPE }; /* the last two where they count */

/* What ends lines, and how a quote is said within quotes. Loops for the usual forms get it as a constant. */
typedef struct csv_form {
  bool multi;
  bool either; /* lines end with \n, \r or \r\n; else with \n, of a `pair` behind a \r */
  bool pair;   /* .. */
  bool
      doubled; /* a quote within quotes stands twice; else behind an escape, which is no common form */
} csv_form;

typedef struct csv_marks {
  const char *data;
  uint32_t end; /* behind the bytes that are there */
  bool eof;
  csv_form form;
  unsigned char set[MILL_MARKS];
  int nset;
  mill_marks mask[CSV_BLOCKS];
} csv_marks;

/* How far the walk is: for a variable of its loop. */
typedef struct csv_walk {
  uint32_t at;          /* the next block */
  uint32_t from, found; /* place and number of the masks */
  uint64_t inside;      /* all ones: the block begins within quotes */
  /* In bit 0, of the byte before the block: is it a \r, does a field begin behind it, is it a closing quote,
  ** is it the \r of a pair behind one? */
  uint64_t cr, begins, closed, closed_cr;
} csv_walk;

typedef struct csv_block {
  uint32_t at;
  uint64_t fields,
      lines; /* where fields, and of them those where lines end; of \r\n it is the \r, but of pairs */
  uint64_t quotes, twice; /* bits of quotes, and of the second ones of two */
  bool wrong;             /* the record that goes on behind those is not of the common form */
} csv_block;

static inline void marks_begin(csv_marks *m, const csv_source *s) {
  const csv_plan *plan = s->plan;
  const io_separator line = s->newline;
  m->data = s->window->data;
  m->end = (uint32_t)s->window->have;
  m->eof = s->window->eof;
  m->form = (csv_form){.multi = plan->multi,
                       .either = line.text == NULL,
                       .pair = line.size == 2,
                       .doubled = plan->escape == plan->quote};
  m->set[CSV_SEP] = (unsigned char)plan->sep[0];
  m->set[CSV_LF] = '\n';
  m->set[CSV_CR] = '\r';
  m->set[CSV_QUOTE] = plan->quote == CSV_NONE ? '\n' : (unsigned char)plan->quote;
  m->set[CSV_ESCAPE] = plan->escape == CSV_NONE ? '\n' : (unsigned char)plan->escape;
  m->nset = !m->form.doubled                 ? CSV_ESCAPE + 1
            : m->form.either || m->form.pair ? CSV_CR + 1
                                             : CSV_QUOTE + 1;
}

/* From the beginning of a record. */
CSV_INLINE csv_walk marks_from(uint32_t at) {
  return (csv_walk){.at = at, .from = at, .begins = 1};
}

/* Masks from a place on; how many. */
static inline uint32_t marks_look(csv_marks *m, uint32_t at) {
  uint32_t left = m->end - at, found = (left + 63) / 64;
  if (found > CSV_BLOCKS) found = CSV_BLOCKS;
  mill_marks_each(m->data + at, found, m->set, m->nset, m->mask);
  for (int k = 0; left < 64 * found && k < m->nset; k++)
    m->mask[found - 1].of[k] &= (1ull << (left & 63)) - 1;
  return found;
}

/* Bit i of the result: an odd number of the bits up to i are set. */
CSV_INLINE uint64_t running_xor(uint64_t x) {
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  return x ^ x << 32;
}

/* The bits a place further; *carry: what comes in, and goes out. */
CSV_INLINE uint64_t behind(uint64_t bits, uint64_t *carry) {
  uint64_t moved = bits << 1 | *carry;
  *carry = bits >> 63;
  return moved;
}

/* The next block; false: there is none. */
CSV_INLINE bool marks_block(csv_marks *m, csv_form f, csv_walk *w, csv_block *b) {
  if (w->at >= m->end) return false;
  if ((w->at - w->from) / 64 >= w->found) {
    w->found = marks_look(m, w->at);
    w->from = w->at;
  }
  const uint64_t *of = m->mask[(w->at - w->from) / 64].of;
  uint64_t lf = of[CSV_LF], cr = f.either || f.pair ? of[CSV_CR] : 0;
  uint64_t quotes = m->set[CSV_QUOTE] == '\n' ? 0 : of[CSV_QUOTE];
  uint64_t within = running_xor(quotes) ^ w->inside;
  uint64_t lines = f.either ? lf | cr : lf, ends = (of[CSV_SEP] | lines) & ~within;
  uint64_t begin = behind(ends, &w->begins), after_cr = behind(cr, &w->cr);
  uint64_t after = behind(quotes & ~within, &w->closed); /* behind closing quotes */
  uint64_t may = f.pair ? of[CSV_SEP] | cr : ends;       /* may stand there */
  uint64_t wrong = quotes & within & ~(begin | after);
  wrong |= after & ~(f.doubled ? may | quotes : may);
  if (!f.doubled) wrong |= of[CSV_ESCAPE] & within;
  if (!f.multi) wrong |= lines & within;
  if (f.pair) {
    wrong |= behind(after & cr, &w->closed_cr) & ~lf;
    wrong |= lf & ~(within ^ after_cr); /* alone, or a pair within quotes, which becomes a \n */
  }
  if (m->end - w->at < 64) wrong &= (1ull << (m->end - w->at)) - 1;
  if (f.either) ends &= ~(lf & after_cr);
  uint64_t good = wrong ? (wrong & -wrong) - 1 : ~0ull;
  *b = (csv_block){w->at, ends & good, ends & lines & good, quotes, after & quotes, wrong != 0};
  w->inside = within >> 63 ? ~0ull : 0;
  w->at += 64;
  return true;
}

#endif

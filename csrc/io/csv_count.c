/* The number of records of CSV when no column is asked for: lines that are not blank, found 64 bytes at
** a time. As in Spark nothing in them is looked at.
**
** In a block let E be the bits of line ends and S those of bytes above the blank. A line is a run of
** ones in ~E; adding S & ~E to ~E carries out of the run, into the line end behind it, just when the
** run holds a bit of S. */
#include "base/hot.h"
#include "base/marks.h"
#include "io/csv_int.h"

enum { BLOCKS = 64 };

bool mill_csv_counts(const csv_plan *plan) {
  return !plan->multi && plan->comment == CSV_NONE && plan->line.text == NULL;
}

/* Lines with something in them that end in [p, p + n); *open: the one that goes on has something. */
MILL_HOT static uint64_t count_lines(const char *p, size_t n, bool *open) {
  uint64_t ends[BLOCKS], shown[BLOCKS], lines = 0;
  unsigned long long carry = *open;
  for (size_t at = 0; at < n; at += 64 * BLOCKS) {
    size_t left = n - at, blocks = left < 64 * BLOCKS ? (left + 63) / 64 : BLOCKS;
    mill_marks_lines(p + at, blocks, ends, shown);
    if (left < 64 * blocks) { /* behind the last byte nothing ends or is shown */
      uint64_t keep = (1ull << (left & 63)) - 1;
      ends[blocks - 1] &= keep;
      shown[blocks - 1] &= keep;
    }
    for (size_t i = 0; i < blocks; i++) {
      unsigned long long run = ~ends[i], sum;
      bool over = __builtin_uaddll_overflow(run, shown[i] & run, &sum);
      over |= __builtin_uaddll_overflow(sum, carry, &sum);
      lines += (uint64_t)__builtin_popcountll(sum & ends[i]);
      carry = over;
    }
  }
  *open = carry;
  return lines;
}

/* The line that goes on behind the range holds blanks so far: and behind them? */
static mill_status look_behind(csv_source *s, bool *shown, mill_error *err) {
  io_window *w = s->window;
  const char *line = "";
  size_t size = 0;
  bool found;
  uint64_t stop = w->stop;
  w->stop = UINT64_MAX;
  mill_status status = mill_io_line(w, s->plan->line, true, &line, &size, &found, err);
  w->stop = stop;
  for (size_t i = 0; status == MILL_OK && found && i < size && !*shown; i++)
    *shown = (unsigned char)line[i] > ' ';
  return status;
}

mill_status mill_csv_count(csv_source *s, uint64_t *lines, mill_error *err) {
  io_window *w = s->window;
  bool open = false; /* a line that has begun */
  *lines = 0;
  for (;;) {
    uint64_t left = w->stop > w->offset + w->at ? w->stop - w->offset - w->at : 0;
    size_t n = w->have - w->at < left ? w->have - w->at : (size_t)left;
    *lines += count_lines(w->data + w->at, n, &open);
    w->at += n;
    if (w->at == w->have && w->eof) break;
    if (w->offset + w->at >= w->stop) {
      bool within = n && w->data[w->at - 1] != '\n' && w->data[w->at - 1] != '\r';
      if (within && !open) MILL_TRY(look_behind(s, &open, err));
      break;
    }
    MILL_TRY(mill_io_fill(w, err));
  }
  *lines += open;
  return MILL_OK;
}

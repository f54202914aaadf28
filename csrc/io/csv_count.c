/* The number of records of CSV when no column is asked for: lines that are not blank. As in Spark nothing
** in them is looked at.
**
** Nearly always each line ends with a \n behind a byte above the blank, and is none of the blank ones then:
** where that holds for a whole section, its \n are counted. Other sections are looked at 64 bytes at a time.
**
** In a block let E be the bits of line ends and S those of bytes above the blank. A line is a run of
** ones in ~E; adding S & ~E to ~E carries out of the run, into the line end behind it, just when the
** run holds a bit of S. */
#include <string.h>

#include "base/hot.h"
#include "base/marks.h"
#include "io/csv_int.h"

enum { BLOCKS = 64, SECTION = 64 * BLOCKS, WINDOW = 128 << 10 /* stays in the second cache */ };

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

/* A byte of each of 32 places: up to 255 of them are added up in bytes. */
typedef uint8_t places __attribute__((vector_size(32)));

/* The lines of a section with a byte before it; false: it takes a closer look. */
MILL_HOT static bool count_plain(const char *p, uint64_t *lines, bool *open) {
  places counts = {0}, odd = {0};
  uint8_t sum[sizeof(places)], other[sizeof(places)], any = 0;
  unsigned char last = (unsigned char)p[SECTION - 1];
  for (size_t at = 0; at < SECTION; at += sizeof(places)) {
    places v, before;
    memcpy(&v, p + at, sizeof v);
    memcpy(&before, p + at - 1, sizeof before);
    places end = (places)(v == '\n');
    counts -= end;
    odd |= (places)(v == '\r') | (end & (places)(before <= ' '));
  }
  memcpy(sum, &counts, sizeof sum);
  memcpy(other, &odd, sizeof other);
  for (size_t i = 0; i < sizeof other; i++) any |= other[i];
  if (any || (last != '\n' && last <= ' ')) return false;
  for (size_t i = 0; i < sizeof sum; i++) *lines += sum[i];
  *open = last != '\n';
  return true;
}

static uint64_t count(const char *p, size_t n, bool *open) {
  uint64_t lines = 0;
  for (size_t at = 0; at < n; at += SECTION) {
    size_t size = n - at < SECTION ? n - at : SECTION;
    if (at && size == SECTION && count_plain(p + at, &lines, open)) continue;
    lines += count_lines(p + at, size, open);
  }
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
  w->block = WINDOW;
  *lines = 0;
  for (;;) {
    uint64_t left = w->stop > w->offset + w->at ? w->stop - w->offset - w->at : 0;
    size_t n = w->have - w->at < left ? w->have - w->at : (size_t)left;
    *lines += count(w->data + w->at, n, &open);
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

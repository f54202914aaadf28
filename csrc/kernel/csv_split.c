/* Records of CSV into fields, in all its forms; the common form has a faster way in io/csv_scan.c.
**
** Rules of the univocity parser that Spark uses, with its settings: a field that begins with a quote
** ends at a quote before a separator, a line end or blanks and one of these; a quote that ends
** nothing makes the field raw text up to the next separator (unescapedQuoteHandling). The escape
** character counts before a quote, and before itself when that is what escapes it. */
#include "kernel/csv_text.h"

void mill_csv_row_init(csv_row *r, mill_memory *m) {
  *r = (csv_row){.memory = m};
  mill_text_init(&r->side, m);
}

void mill_csv_row_clear(csv_row *r) {
  if (r->cell) mill_free(r->memory, r->cell, r->capacity * sizeof *r->cell);
  mill_text_clear(&r->side);
  mill_csv_row_init(r, r->memory);
}

typedef struct splitter {
  const csv_plan *plan;
  const char *p, *end;
  const csv_newline *newline; /* NULL: only `end` ends the record */
  bool eof;
  bool more; /* the record goes on behind end */
  csv_row *row;
  mill_error *err;
} splitter;

static inline bool at_separator(const splitter *s, const char *p) {
  size_t n = s->plan->nsep;
  return p < s->end && *p == s->plan->sep[0] &&
         (n == 1 || ((size_t)(s->end - p) >= n && memcmp(p, s->plan->sep, n) == 0));
}

static inline size_t at_newline(const splitter *s, const char *p) {
  size_t n = s->newline ? s->newline->size : 0;
  return n && (size_t)(s->end - p) >= n && memcmp(p, s->newline->text, n) == 0 ? n : 0;
}

/* Is p where a record ends? At `end` only when nothing can follow. */
static bool at_end(const splitter *s, const char *p) { return p == s->end || at_newline(s, p); }

static mill_status too_long(splitter *s) {
  return mill_fail(s->err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                   "a value is longer than maxCharsPerColumn", NULL);
}

static mill_status emit(splitter *s, uint32_t at, size_t size) {
  csv_row *r = s->row;
  if (s->plan->max_chars >= 0 && size != CSV_NULL && size > (size_t)s->plan->max_chars)
    return too_long(s);
  if ((int64_t)r->n >= s->plan->max_columns)
    return mill_fail(s->err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                     "it has more fields than maxColumns", NULL);
  if (r->n == r->capacity)
    MILL_TRY(
        mill_grow(r->memory, (void **)&r->cell, &r->capacity, r->n + 1, sizeof *r->cell, s->err));
  r->cell[r->n++] = (csv_cell){at, (uint32_t)size};
  return MILL_OK;
}

static mill_status emit_null(splitter *s) { return emit(s, 0, CSV_NULL); }

static mill_status emit_plain(splitter *s, const char *p, const char *q) {
  return emit(s, (uint32_t)(p - s->row->base), (size_t)(q - p));
}

static mill_status emit_side(splitter *s, size_t from) {
  return emit(s, (uint32_t)from | CSV_SIDE, s->row->side.size - from);
}

/* Blanks alone that are trimmed are null, but those at the end of the text are a value that is empty. */
static mill_status blank(splitter *s, const char *first) {
  if (s->p == first || s->p < s->end || !s->eof) return emit_null(s);
  size_t from = s->row->side.size;
  MILL_TRY(mill_text_adds(&s->row->side, s->plan->empty_value, s->err));
  return strcmp(s->plan->empty_value, s->plan->null_value) == 0 ? emit_null(s) : emit_side(s, from);
}

/* A field without quotes; it began at `first`, before blanks that went. */
static mill_status unquoted(splitter *s, const char *first) {
  const char *from = s->p, *p = s->p;
  if (s->newline == NULL && s->plan->nsep == 1)
    while (p < s->end && *p != *s->plan->sep) p++;
  else
    while (!at_separator(s, p) && !at_end(s, p)) p++;
  s->p = p;
  if (s->plan->trim_trailing)
    while (p > from && (unsigned char)p[-1] <= ' ') p--;
  return p == from ? blank(s, first) : emit_plain(s, from, p);
}

/* Behind a quote at p: blanks, then a separator or the end? Gives that place, else NULL. */
static const char *closes(const splitter *s, const char *p) {
  while (!at_separator(s, p) && !at_end(s, p) && (unsigned char)*p <= ' ') p++;
  return at_separator(s, p) || at_end(s, p) ? p : NULL;
}

/* The quote at p - 1 neither ends nor escapes. What was read so far is in `side` from `from` on. */
static mill_status stray_quote(splitter *s, const char *open, const char *p, size_t from) {
  mill_text *side = &s->row->side;
  if (s->plan->unescaped == CSV_RAISE_ERROR)
    return mill_fail(s->err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                     "a quote inside a quoted value is not escaped", NULL);
  const char *rest = p;
  while (!at_separator(s, p) && !at_end(s, p)) p++;
  s->p = p;
  if (s->plan->unescaped == CSV_SKIP_VALUE) {
    side->size = from;
    return emit_null(s);
  }
  MILL_TRY(mill_text_add(side, rest - 1, (size_t)(p - rest) + 1, s->err));
  MILL_TRY(mill_text_reserve(side, 1, s->err));
  memmove(side->data + from + 1, side->data + from, side->size - from);
  side->data[from] = *open;
  side->size++;
  return emit_side(s, from);
}

/* Copy a newline inside quotes as \n, unless the option lineSep names it; other bytes as they are. */
static mill_status copy_one(splitter *s, const char **p) {
  size_t n = s->plan->line.text ? 0 : at_newline(s, *p);
  char c = n ? '\n' : **p;
  *p += n ? n : 1;
  return mill_text_addc(&s->row->side, c, s->err);
}

/* An escape at p: what it stands for is appended, *p moves on. */
static mill_status escaped(splitter *s, const char **p) {
  const csv_plan *plan = s->plan;
  int next = *p + 1 < s->end ? (unsigned char)(*p)[1] : CSV_NONE;
  if (next == plan->quote && next != CSV_NONE) {
    *p += 2;
    return mill_text_addc(&s->row->side, (char)next, s->err);
  }
  if (next == plan->escape && plan->escape_escape == plan->escape) {
    *p += 2;
    return mill_text_addc(&s->row->side, (char)next, s->err);
  }
  return copy_one(s, p);
}

/* Without an escape character the second quote is the value where it ends the record. */
static mill_status empty_quoted(splitter *s, size_t from) {
  const char *empty = s->plan->empty_value;
  if (s->plan->escape == CSV_NONE && at_end(s, s->p)) {
    MILL_TRY(mill_text_addc(&s->row->side, (char)s->plan->quote, s->err));
    return emit_side(s, from);
  }
  if (*empty) MILL_TRY(mill_text_adds(&s->row->side, empty, s->err));
  return strcmp(empty, s->plan->null_value) == 0 ? emit_null(s) : emit_side(s, from);
}

/* Has the escape character an escape of its own, another one? */
static bool own_escape(const csv_plan *plan) {
  return plan->escape_escape != CSV_NONE && plan->escape_escape != plan->escape;
}

/* With an escape of the escape character: behind the closing quote of a value that holds no quote, which
** is taken as it stands; NULL: there is one inside, where that escape is seen and goes. */
static const char *plainly_quoted(const splitter *s) {
  const csv_plan *plan = s->plan;
  const char *p = s->p + 1;
  while (p < s->end && (unsigned char)*p != plan->quote &&
         ((unsigned char)*p != plan->escape || plan->escape == CSV_NONE))
    p++;
  return p < s->end && (unsigned char)*p == plan->quote && p > s->p + 1 ? closes(s, p + 1) : NULL;
}

/* The general form of a quoted field: built byte by byte in the side text. */
static mill_status quoted(splitter *s) {
  const csv_plan *plan = s->plan;
  const char *open = s->p, *p = s->p + 1, *close = own_escape(plan) ? plainly_quoted(s) : NULL;
  size_t from = s->row->side.size;
  if (close) {
    const char *end = memchr(p, plan->quote, (size_t)(s->end - p));
    s->p = close;
    return emit_plain(s, p, end);
  }
  MILL_TRY(mill_text_reserve(&s->row->side, 16, s->err));
  for (;;) {
    if (p == s->end) {
      s->more = !s->eof;
      s->p = p;
      return s->more ? MILL_OK : emit_side(s, from);
    }
    int c = (unsigned char)*p;
    if (own_escape(plan) && c == plan->escape_escape) {
      bool taken = p + 1 < s->end && (unsigned char)p[1] == plan->escape;
      if (taken) MILL_TRY(mill_text_addc(&s->row->side, p[1], s->err));
      p += taken ? 2 : 1;
    } else if (c == plan->quote && c == plan->escape && p + 1 < s->end &&
               (unsigned char)p[1] == plan->quote) {
      MILL_TRY(mill_text_addc(&s->row->side, *p, s->err));
      p += 2;
    } else if (c == plan->quote) {
      if (p + 1 == s->end && !s->eof) {
        s->more = true;
        return MILL_OK;
      }
      close = closes(s, p + 1);
      if (close) {
        s->p = close;
        return s->row->side.size == from ? empty_quoted(s, from) : emit_side(s, from);
      }
      p++;
      bool back = plan->unescaped == CSV_BACK_TO_DELIMITER; /* the quote alone goes */
      if ((unsigned char)*p == plan->quote || plan->unescaped == CSV_STOP_AT_CLOSING_QUOTE)
        MILL_TRY(mill_text_addc(&s->row->side, (char)plan->quote, s->err));
      else if (!back || (unsigned char)*p <= ' ')
        return stray_quote(s, open, p, from);
    } else if (c == plan->escape) {
      MILL_TRY(escaped(s, &p));
    } else {
      MILL_TRY(copy_one(s, &p));
    }
  }
}

static mill_status field(splitter *s) {
  const char *first = s->p;
  if (s->plan->trim_leading)
    while (!at_separator(s, s->p) && !at_end(s, s->p) && (unsigned char)*s->p <= ' ') s->p++;
  if (s->p < s->end && (unsigned char)*s->p == s->plan->quote) return quoted(s);
  return unquoted(s, first);
}

mill_status mill_csv_split(const csv_plan *plan, const char *p, const char *end, bool eof,
                           const csv_newline *newline, csv_row *row, const char **behind,
                           mill_error *err) {
  splitter s = {plan, p, end, newline, eof || !newline, false, row, err};
  size_t side = row->side.size;
  row->n = 0;
  *behind = NULL;
  for (;;) {
    MILL_TRY(field(&s));
    if (s.more || (s.p == end && !s.eof)) {
      row->side.size = side;
      return MILL_OK;
    }
    if (!at_separator(&s, s.p)) break;
    s.p += plan->nsep;
    if (at_end(&s, s.p) && (s.p < end || s.eof)) {
      MILL_TRY(emit_null(&s));
      break;
    }
  }
  *behind = s.p + at_newline(&s, s.p);
  return MILL_OK;
}

/* Values of JSON into columns that are being built: for readers of files and for from_json. */
#ifndef MILL_KERNEL_JSON_VALUE_H
#define MILL_KERNEL_JSON_VALUE_H

#include "base/variant.h"
#include "kernel/value_parse.h"

/* How texts are read. Texts have 16 readable bytes behind them. */
typedef struct mill_json_rules {
  unsigned options; /* of mill_json_reader */
  bool whole;       /* what is malformed inside of a member spoils all of it: no partial results */
  bool compact;     /* an object or array that becomes a text is written anew, without blanks */
  int64_t max_depth, max_number; /* nesting; digits of a number */
  int64_t max_text;              /* characters of a text */
  mill_value_rules values;
} mill_json_rules;

/* The options maxNestingDepth, maxNumLen and maxStringLen. */
enum { MILL_JSON_NUMBER_LONG = 1000, MILL_JSON_TEXT_LONG = 20000000 };
mill_status mill_json_limits(mill_json_rules *p, mill_options o, mill_error *err) MILL_USE_RESULT;
/* Has a number or text of more bytes than its limit more digits or characters, too? */
bool mill_json_too_long(const mill_json_rules *p, const mill_json_reader *r, bool text);

/* May values be read without tokens (json_quick.h)? No comments, and no limit that texts come near to. */
static inline bool mill_json_quick_fits(const mill_json_rules *p) {
  return !(p->options & MILL_JSON_COMMENTS) && !p->whole && p->max_text >= MILL_JSON_TEXT_LONG;
}

/* The next token, within the limits of the rules. */
static inline mill_json_token json_next(const mill_json_rules *p, mill_json_reader *r) {
  mill_json_token t = mill_json_next(r);
  bool number = t == MILL_JSON_INTEGER || t == MILL_JSON_NUMBER, text = t == MILL_JSON_TEXT;
  bool large =
      (number && r->size > (size_t)p->max_number) || (text && r->size > (size_t)p->max_text);
  return r->depth > p->max_depth || (large && mill_json_too_long(p, r, text)) ? MILL_JSON_ERROR : t;
}
/* After a value's first token: pass over the rest of it. False: malformed. */
bool mill_json_pass(const mill_json_rules *p, mill_json_reader *r, mill_json_token first);

/* ---- columns being built -------------------------------------------------------------------- */

/* A member's name as it is compared with a text: sixteen bytes at once, its quote and colon among them. */
enum { JSON_NAME_WORDS = 2, JSON_NAME_SHORT = 8 * JSON_NAME_WORDS - 2 };
typedef struct json_name {
  uint64_t word[JSON_NAME_WORDS], mask[JSON_NAME_WORDS];
  uint32_t size; /* of longer ones than JSON_NAME_SHORT the words hold the beginning */
} json_name;

/* A column and those inside it. Values are null until one is put: their bits begin as zeros. What
** lies inside a struct has its rows; what lies inside a list has `size` items. */
typedef struct json_column json_column;
struct json_column {
  const mill_type *type;
  mill_vector vector;
  json_column *child;
  uint32_t size, capacity;
  /* structs: members by name, and where the k-th member of the record before belonged */
  json_name *name;
  uint32_t *slot, *guess;
  uint32_t nslots, nguess;
  uint64_t lengths; /* of their names, mod 64 */
  uint32_t *after;  /* guesses which one follows a member (json_quick.c) */
};

typedef struct json_builder {
  const mill_json_rules *rules;
  mill_memory *memory;
  mill_arena *arena;   /* of columns: grows with the largest batch */
  mill_arena *scratch; /* of texts: of one batch */
  mill_text text;
  mill_json_reader *reader;
  int level; /* objects and arrays around what is being put */
  mill_error *err;
  mill_status status;            /* of JSON_FAILED */
  mill_variant_builder *variant; /* the one in which VARIANT values are built; NULL: none yet */
} json_builder;
void mill_json_builder_clear(json_builder *b); /* its texts; not the arenas */

typedef enum json_put {
  JSON_GOOD,
  JSON_PARTIAL, /* something inside a struct is null that should not be */
  JSON_BAD,     /* not a value of that type: null; it has been passed over */
  JSON_LOST, /* the same of something inside, with rules.whole; what is behind that is still there */
  JSON_BROKEN, /* the text is malformed */
  JSON_FAILED,
} json_put;

mill_status mill_json_column(json_column *c, const mill_type *t, uint32_t capacity, mill_arena *a,
                             mill_error *err) MILL_USE_RESULT;
/* Rows [0, n) become null, lists empty. */
void mill_json_reset(json_column *c, uint32_t n);
/* Point c->vector and what is inside it at the values. */
void mill_json_vector(json_column *c);
/* Put the value that begins with the token into a row. */
json_put mill_json_take(json_builder *b, json_column *c, uint32_t row, mill_json_token t);

/* The member of that name; UINT32_MAX: none. */
uint32_t mill_json_member(const json_column *c, const char *p, size_t n);
enum { JSON_TURNS = 4, JSON_GUESSES = 2 }; /* of `after`: for each member, and the beginning */
/* Place for one more item of a list; false: b->status. */
bool mill_json_add_item(json_builder *b, json_column *c);

/* ---- records of the usual form (json_quick.c) ----------------------------------------------- */

/* The object that is p[0, n) into a row of the root. JSON_BROKEN: not of the usual form, or malformed:
** mill_json_take must tell. Texts end in 64 readable zeros or a control character. */
json_put mill_json_quick(json_builder *b, json_column *root, uint32_t row, const char *p, size_t n);

#endif

/* Types that the values of JSON suggest, by the rules of Spark's JsonInferSchema: for files and schema_of_json.
**
** Guesses are trees that widen in place: null, BIGINT, DECIMAL, DOUBLE; BOOLEAN; texts; structs by name; arrays;
** STRING where the values do not go together. */
#ifndef MILL_KERNEL_JSON_GUESS_H
#define MILL_KERNEL_JSON_GUESS_H

#include "kernel/json_value.h"

typedef enum guess_kind {
  GUESS_NULL,
  GUESS_BOOLEAN,
  GUESS_BIGINT,
  GUESS_DECIMAL,
  GUESS_DOUBLE,
  GUESS_TIMESTAMP,
  GUESS_NTZ,
  GUESS_STRING,
  GUESS_STRUCT,
  GUESS_ARRAY,
} guess_kind;

typedef struct guess guess;
struct guess {
  guess_kind kind;
  int precision, scale; /* DECIMAL */
  const char *name;     /* as a member */
  size_t name_size;
  guess **member; /* STRUCT; ARRAY: its one element */
  size_t n, capacity;
  uint64_t seen; /* the object that had this member last */
};

typedef struct guess_rules {
  const mill_json_rules *read;
  bool primitives_as_string, prefers_decimal, infer_timestamp, drop_all_null;
  bool ntz; /* timestamps without a zone are the session's */
} guess_rules;

/* One who guesses. What is zero at first: `objects` counts them, `twice` is a name that one object of `root` has
** two times, `negative` a number's scale that no decimal can have. */
typedef struct guesser {
  const guess_rules *rules;
  mill_arena *arena;
  const guess *root;
  mill_json_reader *reader;
  mill_text *text;
  mill_error *err;
  uint64_t objects;
  const char *twice;
  int negative;
} guesser;

/* Widen by the value that begins with the token; the text is well-formed, that has been looked at before. */
mill_status mill_guess_value(guesser *w, guess *g, mill_json_token t) MILL_USE_RESULT;
void mill_guess_widen(guess *g, guess_kind kind, int precision, int scale);
mill_status mill_guess_merge(mill_arena *a, guess *g, const guess *other,
                             mill_error *err) MILL_USE_RESULT;
/* The member of that name, looked for from *at on, where the last one was found; made where there is none. */
mill_status mill_guess_member(mill_arena *a, guess *g, size_t *at, const char *name, size_t n,
                              guess **out, mill_error *err) MILL_USE_RESULT;
/* The type of a guess; *out NULL: there is nothing to keep (an empty struct, nulls to drop). */
mill_status mill_guess_type(const guess_rules *r, mill_types *types, mill_arena *a, guess *g,
                            const mill_type **out, mill_error *err) MILL_USE_RESULT;

#endif

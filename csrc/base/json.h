/* JSON (RFC 8259): a pull reader, a tree, and writing. The one JSON mechanism of the project.
**
** The reader walks a byte range without allocating: mill_json_next gives one token after the other.
** Texts come as the raw range between the quotes with `escaped` set when they need
** mill_json_unescape. Structure is checked as it goes; nesting is limited to 1,000. After
** MILL_JSON_ERROR the reader stays there; `error` says what was wrong and `at` where.
**
** Lenient forms are those of Spark's JSON reader, each an option. */
#ifndef MILL_BASE_JSON_H
#define MILL_BASE_JSON_H

#include "base/text.h"

enum { MILL_JSON_DEPTH = 1000 };

typedef enum mill_json_option {
  MILL_JSON_SINGLE_QUOTES = 1,  /* allowSingleQuotes */
  MILL_JSON_UNQUOTED_NAMES = 2, /* allowUnquotedFieldNames */
  MILL_JSON_LEADING_ZEROS = 4,  /* allowNumericLeadingZeros */
  MILL_JSON_COMMENTS = 8,       /* allowComments */
  MILL_JSON_NON_NUMBERS = 16,   /* allowNonNumericNumbers: NaN, Infinity, +INF, -INF, -Infinity */
  MILL_JSON_ANY_ESCAPE = 32,    /* allowBackslashEscapingAnyCharacter */
  MILL_JSON_CONTROL_CHARS = 64, /* allowUnquotedControlChars */
} mill_json_option;

/* They by the names of Spark's reader options, and whether they hold where nothing is said. */
enum { MILL_JSON_FLAGS = 7 };
typedef struct mill_json_flag {
  const char *name;
  bool otherwise;
  mill_json_option option;
} mill_json_flag;
extern const mill_json_flag mill_json_flags[MILL_JSON_FLAGS];

typedef enum mill_json_token {
  MILL_JSON_END, /* of the value that was begun; more text may follow */
  MILL_JSON_ERROR,
  MILL_JSON_NULL,
  MILL_JSON_TRUE,
  MILL_JSON_FALSE,
  MILL_JSON_INTEGER, /* text is the number */
  MILL_JSON_NUMBER,  /* with a fraction or exponent, or not a number */
  MILL_JSON_TEXT,
  MILL_JSON_NAME, /* of a member; its value follows */
  MILL_JSON_OBJECT,
  MILL_JSON_OBJECT_END,
  MILL_JSON_ARRAY,
  MILL_JSON_ARRAY_END,
} mill_json_token;

typedef struct mill_json_reader {
  const char *start, *p, *end;
  unsigned options;
  int depth;
  uint8_t state;
  uint64_t is_object[(MILL_JSON_DEPTH + 64) / 64];
  /* of the last token */
  const char *text; /* TEXT, NAME: between the quotes; numbers: all of it */
  size_t size;
  bool escaped;
  const char *error; /* static text */
  size_t at;
} mill_json_reader;

void mill_json_start(mill_json_reader *r, const char *p, size_t n, unsigned options);
mill_json_token mill_json_next(mill_json_reader *r);
/* After a value's first token: pass over what is left of it. False on malformed text. */
bool mill_json_skip(mill_json_reader *r, mill_json_token first);
/* Is nothing but white space left? */
bool mill_json_at_end(mill_json_reader *r);

/* Append the text with its escapes resolved; a lone surrogate becomes "?". */
mill_status mill_json_unescape(const char *p, size_t n, mill_text *out,
                               mill_error *err) MILL_USE_RESULT;
/* The first byte from p on that a JSON text cannot have as it is, with `ascii` also one above 0x7f; `end`: none. */
const char *mill_json_plain(const char *p, const char *end, bool ascii);
/* Append with quotes, escaping what JSON requires (and nothing else). */
mill_status mill_json_quote(const char *p, size_t n, mill_text *out,
                            mill_error *err) MILL_USE_RESULT;

/* A parsed value in an arena. */
typedef struct mill_json mill_json;
struct mill_json {
  mill_json_token kind; /* NULL, TRUE, FALSE, INTEGER, NUMBER, TEXT, OBJECT, ARRAY */
  const char *text;     /* TEXT unescaped, NUL-terminated; numbers as written, NUL-terminated */
  size_t size;
  const char *name; /* as a member */
  size_t name_size;
  mill_json *child, *next; /* first item or member; the one after this */
  size_t n;                /* items, members */
};

/* The whole range must be one value: MALFORMED_JSON otherwise, with place and reason. */
mill_status mill_json_parse(const char *p, size_t n, mill_arena *a, mill_json **out,
                            mill_error *err) MILL_USE_RESULT;
/* Member by name (the last one of doubles), NULL when j is NULL, no object, or has none. */
const mill_json *mill_json_get(const mill_json *j, const char *name);
/* The member's value when it is of that kind, else the default. */
const char *mill_json_text(const mill_json *j, const char *name, const char *otherwise);
int64_t mill_json_int(const mill_json *j, const char *name, int64_t otherwise);
/* The integer member of an object that is still text, found without allocating: for texts that must
** be understood when memory has run out. */
int64_t mill_json_peek_int(const char *p, size_t n, const char *name, int64_t otherwise);
double mill_json_double(const mill_json *j, const char *name, double otherwise);
bool mill_json_bool(const mill_json *j, const char *name, bool otherwise);
/* Append the value as compact text. */
mill_status mill_json_write(const mill_json *j, mill_text *out, mill_error *err) MILL_USE_RESULT;

#endif

/* Errors as values: see error.h. The catalogue is condition.def; a message is its template with the
** parameters put in, built when the error is raised, inside the error's own text buffer. */
#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const char *name, *sqlstate, *cls, *text;
} condition_info;

static const condition_info conditions[] = {
    {"OK", "00000", "", ""},
#define MILL_CONDITION(id, name, state, cls, text) {name, state, cls, text},
#include "base/condition.def"
#undef MILL_CONDITION
};

static const condition_info *info_of(mill_status c) {
  return &conditions[(unsigned)c < MILL_CONDITION_COUNT ? c : MILL_E_INTERNAL_ERROR];
}

const char *mill_condition_name(mill_status c) { return info_of(c)->name; }
const char *mill_condition_sqlstate(mill_status c) { return info_of(c)->sqlstate; }
const char *mill_condition_class(mill_status c) { return info_of(c)->cls; }

void mill_error_clear(mill_error *err) {
  err->condition = MILL_OK;
  err->nparams = 0;
  err->message = err->hint = 0;
  err->start = err->stop = -1;
  err->query = NULL;
  err->text[0] = '\0';
  err->used = 1; /* offset 0 stays an empty string and means "none" */
}

/* What one value may take of the text that is left, so that the message behind it has a place. */
static size_t share(const mill_error *err) { return (MILL_ERROR_TEXT - 1u - err->used) / 2; }

/* Append n bytes at the end of the text; false once it is full. A full text ends in "...". */
static bool append(mill_error *err, const char *s, size_t n) {
  size_t room = MILL_ERROR_TEXT - 1 - err->used;
  size_t take = n < room ? n : room;
  memcpy(err->text + err->used, s, take);
  err->used = (uint16_t)(err->used + take);
  err->text[err->used] = '\0';
  if (take < n) memcpy(err->text + MILL_ERROR_TEXT - 4, "...", 4);
  return take == n;
}

/* Append a value; one that is longer than its share ends in "...". */
static void append_value(mill_error *err, const char *s, size_t n) {
  size_t most = share(err);
  append(err, s, n < most ? n : most);
  if (n > most && most >= 3) memcpy(err->text + err->used - 3, "...", 3);
}

/* Close the string that append built; what follows starts at the next byte. */
static void close_text(mill_error *err) {
  if (err->used < MILL_ERROR_TEXT - 1) err->text[++err->used] = '\0';
}

static uint16_t append_v(mill_error *err, const char *fmt, va_list ap) {
  if (err->used == 0) mill_error_clear(err);
  uint16_t at = err->used;
  size_t most = share(err);
  int n = vsnprintf(err->text + at, most + 1, fmt, ap);
  err->used = (uint16_t)(at + (n < 0 ? 0 : (size_t)n < most ? (size_t)n : most));
  err->text[err->used] = '\0';
  if (n > 0 && (size_t)n > most && most >= 3) memcpy(err->text + err->used - 3, "...", 3);
  close_text(err);
  return at;
}

const char *mill_error_fmt(mill_error *err, const char *fmt, ...) {
  if (err == NULL) return "";
  va_list ap;
  va_start(ap, fmt);
  uint16_t at = append_v(err, fmt, ap);
  va_end(ap);
  return err->text + at;
}

void mill_error_hint(mill_error *err, const char *fmt, ...) {
  if (err == NULL) return;
  va_list ap;
  va_start(ap, fmt);
  err->hint = append_v(err, fmt, ap);
  va_end(ap);
}

void mill_error_at(mill_error *err, size_t start, size_t stop) {
  if (err == NULL) return;
  err->start = (int32_t)start;
  err->stop = (int32_t)stop;
}

void mill_error_in(mill_error *err, const char *query, size_t start, size_t stop) {
  if (err == NULL) return;
  mill_error_at(err, start, stop);
  err->query = query;
}

static const char *param(const mill_error *err, const char *name, size_t n) {
  for (int i = 0; i < err->nparams; i++)
    if (strlen(err->params[i].name) == n && memcmp(err->params[i].name, name, n) == 0)
      return mill_error_value(err, i);
  return NULL;
}

/* Append the condition's template, each <name> replaced by the parameter of that name. */
static void append_template(mill_error *err, const char *t) {
  while (*t) {
    const char *open = strchr(t, '<');
    const char *end = open ? strchr(open, '>') : NULL;
    const char *value = end ? param(err, open + 1, (size_t)(end - open - 1)) : NULL;
    if (end == NULL) {
      append(err, t, strlen(t));
      return;
    }
    if (value == NULL) {
      append(err, t, (size_t)(end + 1 - t));
    } else {
      append(err, t, (size_t)(open - t));
      append(err, value, strlen(value));
    }
    t = end + 1;
  }
}

mill_status mill_fail(mill_error *err, mill_status condition, ...) {
  if (err == NULL) return condition;
  if (err->used == 0 || err->condition != MILL_OK) mill_error_clear(err);
  err->condition = condition;
  va_list ap;
  va_start(ap, condition);
  for (const char *name; (name = va_arg(ap, const char *)) != NULL;) {
    const char *value = va_arg(ap, const char *);
    if (err->nparams == MILL_ERROR_PARAMS) continue;
    err->params[err->nparams++] = (mill_error_param){name, err->used};
    append_value(err, value, strlen(value));
    close_text(err);
  }
  va_end(ap);
  err->message = err->used;
  append_template(err, info_of(condition)->text);
  close_text(err);
  return condition;
}

const char *mill_error_message(const mill_error *err) { return err->text + err->message; }
const char *mill_error_hint_text(const mill_error *err) {
  return err->hint ? err->text + err->hint : NULL;
}
const char *mill_error_value(const mill_error *err, int i) {
  return err->text + err->params[i].value;
}

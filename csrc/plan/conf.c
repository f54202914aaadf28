/* Settings by Spark's keys: what is known, its defaults and checks; see conf.def. */
#include "plan/conf_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum conf_kind {
  KIND_BOOL,
  KIND_INT,
  KIND_POSITIVE,
  KIND_BYTES,
  KIND_TEXT,
  KIND_ZONE
} conf_kind;

typedef struct conf_known {
  const char *key, *preset;
  conf_kind kind;
  const char *doc;
} conf_known;

static const conf_known known[] = {
#define MILL_CONF(key, preset, kind, doc) {key, preset, KIND_##kind, doc},
#include "plan/conf.def"
#undef MILL_CONF
};
enum { NKNOWN = sizeof known / sizeof *known };

static const conf_known *find(const char *key) { /* they are sorted */
  int from = 0, to = NKNOWN;
  while (from < to) {
    int at = (from + to) / 2, order = strcmp(key, known[at].key);
    if (order == 0) return &known[at];
    if (order < 0)
      to = at;
    else
      from = at + 1;
  }
  return NULL;
}

const char *mill_conf_preset(const char *key) {
  const conf_known *k = find(key);
  return k ? k->preset : NULL;
}

const char *mill_conf_doc(const char *key) {
  const conf_known *k = find(key);
  return k ? k->doc : NULL;
}

const char *mill_conf_known(int i) { return i < NKNOWN ? known[i].key : NULL; }

static bool is_number(const char *s, bool suffix) {
  char *end;
  while (*s == ' ') s++;
  strtoll(s, &end, 10);
  if (end == s) return false;
  if (suffix) end += strspn(end, "kKmMgGtTbB");
  return *end == '\0';
}

static mill_status refuse(const conf_known *k, const char *value, const char *type,
                          mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_CONF_VALUE_TYPE_MISMATCH, "confName", k->key, "confValue",
                   value, "confType", type, NULL);
}

mill_status mill_conf_check(const mill_context *ctx, const char *key, const char *value,
                            mill_error *err) {
  const conf_known *k = find(key);
  const struct mill_zone *zone;
  if (k == NULL) return MILL_OK;
  switch (k->kind) {
  case KIND_BOOL:
    if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0) return MILL_OK;
    return refuse(k, value, "boolean", err);
  case KIND_INT: return is_number(value, false) ? MILL_OK : refuse(k, value, "int", err);
  case KIND_POSITIVE:
    if (!is_number(value, false)) return refuse(k, value, "int", err);
    if (strtoll(value, NULL, 10) > 0) return MILL_OK;
    return mill_fail(err, MILL_E_INVALID_CONF_VALUE_REQUIREMENT, "confName", key, "confValue",
                     value, "confRequirement",
                     mill_error_fmt(err, "The value of %s must be positive", key), NULL);
  case KIND_BYTES: return is_number(value, true) ? MILL_OK : refuse(k, value, "bytes", err);
  case KIND_ZONE:
    if (mill_zones_find(ctx->zones, value, strlen(value), &zone, NULL) == MILL_OK) return MILL_OK;
    return mill_fail(err, MILL_E_INVALID_CONF_VALUE_TIME_ZONE, "confName", key, "confValue", value,
                     NULL);
  case KIND_TEXT: return MILL_OK;
  }
  return MILL_OK;
}

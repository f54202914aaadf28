/* Names by language; see locale.h. */
#include "base/locale.h"

#include <string.h>
#include <strings.h>

struct mill_locale {
  const char *tag;
  const char *list[MILL_LOCALE_LISTS]; /* names with | between */
};

static const mill_locale locales[] = {
#define MILL_LOCALE(TAG, ...) {TAG, {__VA_ARGS__}},
#include "base/locale.def"
#undef MILL_LOCALE
};

const mill_locale *mill_locale_find(const char *tag) {
  size_t n = strlen(tag);
  while (n) {
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
      if (strncasecmp(locales[i].tag, tag, n) == 0 && locales[i].tag[n] == 0) return &locales[i];
    while (n && tag[n - 1] != '-') n--;
    if (n) n--;
  }
  return NULL;
}

const char *mill_locale_name(const mill_locale *l, mill_locale_list list, int i, size_t *n) {
  const char *p = l->list[list];
  for (; i > 0; i--) p = strchr(p, '|') + 1;
  *n = strcspn(p, "|");
  return p;
}

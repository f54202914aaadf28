/* See find_rows.h. A place found between two texts, or that reaches over the end of one, belongs to no
** row: the search goes on a byte further. */
#include "kernel/find_rows.h"

#include "base/find.h"
#include "base/sanitizer.h"

/* Bytes between two texts that may be read as well: the length of the next one. The sanitizer would
** find that they may be bytes that are nobody's. */
enum { GAP = MILL_ASAN ? 0 : 4 };

typedef struct needle {
  const char *what;
  size_t m;
} needle;

static inline const char *end_of(const mill_str *s) { return s->u.ptr + s->size; }

static inline bool is_next(const mill_str *s) {
  return s[1].size > MILL_STR_INLINE && (uintptr_t)s[1].u.ptr - (uintptr_t)end_of(s) <= GAP;
}

/* n > 0 long texts side by side. */
static void search_run(const mill_str *s, size_t n, const needle *x, const char **at) {
  const char *p = s[0].u.ptr, *end = end_of(&s[n - 1]), *q;
  for (size_t i = 0; i < n; i++) at[i] = NULL;
  for (size_t i = 0; i < n && (q = mill_find(p, (size_t)(end - p), x->what, x->m)) != NULL;) {
    while (end_of(&s[i]) <= q) i++;
    p = q + 1;
    if (q < s[i].u.ptr || (size_t)(end_of(&s[i]) - q) < x->m) continue;
    at[i] = q;
    p = end_of(&s[i++]);
  }
}

void mill_find_rows(const mill_vector *v, const uint64_t *valid, size_t first, size_t n,
                    const char *what, size_t m, const char **at) {
  const needle x = {what, m};
  const mill_str *s = v->data;
  for (size_t i = 0, k; i < n; i = k) {
    const mill_str *one = s + ((uint32_t)(first + i) & v->mask);
    k = i + 1;
    if (!mill_valid_bit(valid, first + i)) {
      at[i] = NULL;
    } else if (one->size <= MILL_STR_INLINE) {
      at[i] = mill_find(one->prefix, one->size, what, m);
    } else {
      while (v->mask && k < n && mill_valid_bit(valid, first + k) && is_next(&s[first + k - 1]))
        k++;
      search_run(one, k - i, &x, at + i);
    }
  }
}

/* reverse: texts by character, BINARY by byte, arrays by element. */
#include "base/utf8.h"
#include "kernel/bytes_int.h"
#include "kernel/list_int.h"

/* Words of eight bytes from the front to the end of `p`, then what is left. */
static void turn_bytes(bytes s, char *p) {
  size_t k = 0;
  for (; k + 8 <= s.n; k += 8) {
    uint64_t w;
    memcpy(&w, s.p + k, 8);
    w = __builtin_bswap64(w);
    memcpy(p + s.n - k - 8, &w, 8);
  }
  for (; k < s.n; k++) p[s.n - 1 - k] = s.p[k];
}

static void turn_characters(bytes s, char *p) {
  for (size_t at = 0; at < s.n;) {
    const size_t takes = mill_utf8_takes((uint8_t)s.p[at]);
    const size_t length = takes < s.n - at ? takes : s.n - at;
    memcpy(p + s.n - at - length, s.p + at, length);
    at += length;
  }
}

KERNEL_HEAD(reverse_text) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, s.n, &p, err));
    (mill_utf8_ascii(s.p, s.n) ? turn_bytes : turn_characters)(s, p);
    r[i] = mill_str_done(call, p, s.n);
  }
  return MILL_OK;
}

KERNEL_HEAD(reverse_bytes) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, s.n, &p, err));
    turn_bytes(s, p);
    r[i] = mill_str_done(call, p, s.n);
  }
  return MILL_OK;
}

KERNEL_HEAD(reverse_array) {
  list_out o;
  list_open(&o, call, out);
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    for (uint32_t k = s.size; k-- > 0;)
      MILL_TRY(list_add(&o, &args[0]->child[0], s.start + k, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

static mill_status bind_reverse(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool array = t->id == MILL_ARRAY, binary = t->id == MILL_BINARY;
  b->kernel = array ? reverse_array : binary ? reverse_bytes : reverse_text;
  return mill_bind_types(b,
                         array    ? "array -> $1"
                         : binary ? "binary -> $1"
                                  : "string|array -> $1",
                         err);
}

const mill_function mill_family_reverse[] = {
    {.name = "reverse",
     .types = "any",
     .bind = bind_reverse,
     .flags = MILL_FN_NO_RAISE,
     .usage = "reverse(expr)",
     .doc = "The characters of a text, or the elements of an array, in opposite order.",
     .example = "SELECT reverse('mill') -> llim"},
    {0}};

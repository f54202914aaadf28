/* Variants: the bytes that Spark 4.3 makes of a JSON text, order of names, damage at every byte. */
#include "base/variant.h"

#include <stdlib.h>

#include "../check.h"

static mill_memory *m;

static bool parse(mill_variant_builder *b, mill_text *names, const char *json, mill_variant *out) {
  mill_json_reader r;
  bool good = false;
  mill_variant_reset(b);
  mill_text_reset(names);
  mill_json_start(&r, json, strlen(json), 0);
  if (mill_variant_put_json(b, &r, mill_json_next(&r), &good, NULL) != MILL_OK || !good)
    return false;
  if (mill_variant_metadata(b, names, NULL) != MILL_OK) return false;
  *out = (mill_variant){b->out.data, names->data, b->out.size, names->size};
  return true;
}

static void hex(const char *p, size_t n, char *out) {
  for (size_t i = 0; i < n; i++) sprintf(out + 2 * i, "%02x", (unsigned char)p[i]);
  out[2 * n] = 0;
}

/* value and metadata as pyspark's VariantVal shows them */
static void bytes(const char *json, const char *value, const char *metadata) {
  mill_variant_builder b;
  mill_text names;
  mill_variant v;
  char got[2000];
  mill_variant_open(&b, m);
  mill_text_init(&names, m);
  CHECK(parse(&b, &names, json, &v), "%s", json);
  hex(v.value, v.size, got);
  CHECK_STR(got, value);
  hex(v.metadata, v.metadata_size, got);
  CHECK_STR(got, metadata);
  mill_variant_close(&b);
  mill_text_clear(&names);
}

static void text(const char *json, const char *want) {
  mill_variant_builder b;
  mill_text names, out;
  mill_variant v;
  mill_variant_open(&b, m);
  mill_text_init(&names, m);
  mill_text_init(&out, m);
  CHECK(parse(&b, &names, json, &v) && mill_variant_valid(&v), "%s", json);
  CHECK(mill_variant_json(&v, mill_zone_utc(), &out, NULL) == MILL_OK);
  CHECK_STR(out.data, want);
  mill_variant_close(&b);
  mill_text_clear(&names);
  mill_text_clear(&out);
}

/* No damage leads out of the bytes: under the sanitizers that would be seen. */
static void damage(const char *json) {
  mill_variant_builder b;
  mill_text names, out;
  mill_variant v;
  mill_variant_open(&b, m);
  mill_text_init(&names, m);
  mill_text_init(&out, m);
  CHECK(parse(&b, &names, json, &v));
  int refused = 0;
  for (size_t part = 0; part < 2; part++) {
    size_t n = part ? v.metadata_size : v.size;
    for (size_t i = 0; i < n; i++)
      for (int bit = -1; bit < 8; bit++) {
        size_t keep = bit < 0 ? i : n;
        char *copy = malloc(keep + 1);
        memcpy(copy, part ? v.metadata : v.value, keep);
        if (bit >= 0) copy[i] = (char)(copy[i] ^ 1 << bit);
        mill_variant d = v;
        *(part ? &d.metadata : &d.value) = copy;
        *(part ? &d.metadata_size : &d.size) = keep;
        mill_text_reset(&out);
        bool good = mill_variant_json(&d, mill_zone_utc(), &out, NULL) == MILL_OK;
        refused += !good;
        free(copy);
      }
  }
  CHECK(refused > 20, "%d", refused);
  mill_variant_close(&b);
  mill_text_clear(&names);
  mill_text_clear(&out);
}

/* Arrays whose two elements are the same bytes, 60 of them in each other: 2^60 values to walk. */
static void bomb(void) {
  char p[1024];
  size_t n = 0;
  for (int i = 0; i < 60; i++) {
    const char head[] = {3, 2, 0, 0, 0};
    memcpy(p + n, head, 5);
    p[n + 4] = 1;
    n += 5;
  }
  p[n++] = 0;
  mill_variant v = {p, "\x01\x00\x00", n, 3};
  CHECK(!mill_variant_valid(&v));
}

int main(void) {
  m = mill_memory_new(0);
  bytes("{\"a\":1}",
        "020100000"
        "20c01",
        "0101000161");
  bytes("\"x\"", "0578", "010000");
  bytes("{\"a\":[1, 2]}",
        "02010000090302000204"
        "0c010c02",
        "0101000161");
  bytes("null", "00", "010000");
  text("{\"b\":1,\"a\":[2,true,null,\"x\"]}", "{\"a\":[2,true,null,\"x\"],\"b\":1}");
  text("[1e3, 1.50, 123456789012345678901234567890, -0.0, 100.0]",
       "[1000.0,1.5,123456789012345678901234567890,0,100]");
  text("1234567890123456789012345678901234567890", "1.2345678901234568E39");
  text("1.5e400", "\"Infinity\"");
  text("0.00000000000000000000000000000000000000001", "1.0E-41");
  text("\"q\\\"uo\\\\te\\n/\\u00e9\\u0001\\u007f\"", "\"q\\\"uo\\\\te\\n/\xc3\xa9\\u0001\x7f\"");
  /* UTF-16 units: the surrogates of U+1F600 come before U+FF21 */
  CHECK(mill_variant_order("\xf0\x9f\x98\x80", 4, "\xef\xbc\xa1", 3) < 0);
  CHECK(mill_variant_order("\xf0\x9f\x98\x80", 4, "\xe6\xbc\xa2", 3) > 0);
  CHECK(mill_variant_order("a", 1, "ab", 2) < 0);
  mill_variant_builder b;
  mill_text names;
  mill_variant v;
  mill_variant_open(&b, m);
  mill_text_init(&names, m);
  CHECK(!parse(&b, &names, "{\"a\":1,\"a\":2}", &v));
  CHECK(!parse(&b, &names, "{\"a\":", &v));
  mill_variant_close(&b);
  mill_text_clear(&names);
  damage("{\"a\":[1,2.5,\"text\",{\"b\":null,\"c\":true}],\"d\":1e10,\"e\":"
         "123456789012345678901234567890}");
  bomb();
  CHECK(mill_memory_read(m).used == 0);
  mill_memory_free(m);
  return check_done();
}

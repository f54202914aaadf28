/* Well-known binary: what ISO 13249-3 lays out, and what Spark 4.3 says of bytes that are none. Every
** prefix of a shape is refused without a byte read beyond it (sanitizers see to that). */
#include "base/wkb.h"

#include <stdlib.h>

#include "../check.h"

static size_t bytes_of(const char *hex, char *out) {
  size_t n = strlen(hex) / 2;
  for (size_t i = 0; i < n; i++) {
    char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
    out[i] = (char)strtol(two, NULL, 16);
  }
  return n;
}

/* The shape in the order asked for as hexadecimal digits, or the fault and its place. */
static const char *copied(const char *hex, bool earth, bool little) {
  static char text[512];
  char in[256], out[256];
  mill_wkb_fault fault;
  size_t n = bytes_of(hex, in), made;
  if (!mill_wkb_copy(in, n, earth, little, out, &made, &fault)) {
    snprintf(text, sizeof text, "%s at %zu", fault.text, fault.at);
    return text;
  }
  for (size_t i = 0; i < made; i++) sprintf(text + 2 * i, "%02X", (unsigned char)out[i]);
  text[2 * made] = 0;
  return text;
}

#define POINT "010100000000000000000008400000000000001040"
#define MANY "0104000000010000000101000000000000000000F03F0000000000000040"

static void shapes(void) {
  CHECK_STR(copied(POINT, false, true), POINT);
  CHECK_STR(copied(POINT, false, false), "000000000140080000000000004010000000000000");
  CHECK_STR(copied(POINT "00", false, true), POINT);
  CHECK_STR(copied(MANY, false, false),
            "00000000040000000100000000013FF00000000000004000000000000000");
  CHECK_STR(copied("010200000000000000", false, true), "010200000000000000");
}

static void faults(void) {
  CHECK_STR(copied("", false, true), "WKB data is empty or null at 0");
  CHECK_STR(copied("02010000000000000000000840000000000000104000", false, true),
            "Invalid byte order 2 at 0");
  CHECK_STR(copied("01090000000000000000000840000000000000104000", false, true),
            "Invalid or unsupported type 9 at 1");
  CHECK_STR(copied("0102000000010000000000000000000000000000000000f03f", false, true),
            "Too few points in linestring at 5");
  CHECK_STR(copied("01030000000100000000000000", false, true), "Too few points in ring at 9");
  CHECK_STR(copied("0101000000000000000000F07F0000000000001040", false, true),
            "Invalid coordinate value found at 5");
  CHECK_STR(copied("010100000000000000000069400000000000001040", true, true),
            "Invalid coordinate value found at 5");
}

static void prefixes(void) {
  char in[256], out[256];
  size_t n = bytes_of(MANY, in), made;
  mill_wkb_fault fault;
  for (size_t k = 0; k < n; k++) {
    char *part = malloc(k + 1);
    memcpy(part, in, k);
    CHECK(!mill_wkb_copy(part, k, false, true, out, &made, &fault));
    free(part);
  }
}

/* Collections in collections end in an error, not in the stack's. */
static void depth(void) {
  enum { N = 4096 };
  static char in[9 * N], out[9 * N];
  size_t made;
  mill_wkb_fault fault;
  for (int i = 0; i < N; i++) memcpy(in + 9 * i, "\1\7\0\0\0\1\0\0\0", 9);
  CHECK(!mill_wkb_copy(in, sizeof in, false, true, out, &made, &fault));
  CHECK_STR(fault.text, "Shapes are nested too deep");
}

static void systems(void) {
  CHECK(mill_srid_known(0, false) && !mill_srid_known(0, true));
  CHECK(mill_srid_known(4326, true) && mill_srid_known(3857, false));
  CHECK(!mill_srid_known(3857, true) && !mill_srid_known(1, false) && !mill_srid_known(-1, false));
  CHECK(!mill_srid_known(99999999999, false));
}

int main(void) {
  shapes();
  faults();
  prefixes();
  depth();
  systems();
  return check_done();
}

/* Well-known binary in one pass: what is read is written at once; see wkb.h. */
#include "base/wkb.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINT = 1, LINE, POLYGON, POINTS, LINES, POLYGONS, SHAPES };
enum { HOST_LITTLE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };
enum { MAX_DIMENSIONS = 4, MAX_DEPTH = 500 };

typedef struct walk {
  const uint8_t *in;
  size_t n, at;
  bool little, earth, little_out;
  uint8_t *out;
  size_t made;
  mill_wkb_fault *fault;
} walk;

static bool fail(walk *w, const char *text, size_t at) {
  snprintf(w->fault->text, sizeof w->fault->text, "%s", text);
  w->fault->at = at;
  return false;
}

static bool too_short(walk *w) { return fail(w, "Unexpected end of WKB buffer", w->at); }

static uint64_t take(walk *w, size_t width) {
  uint64_t v = 0;
  if (w->little == HOST_LITTLE && width == sizeof v) {
    memcpy(&v, w->in + w->at, sizeof v);
    w->at += width;
    return v;
  }
  for (size_t k = 0; k < width; k++)
    v |= (uint64_t)w->in[w->at + k] << 8 * (w->little ? k : width - 1 - k);
  w->at += width;
  return v;
}

static void put(walk *w, uint64_t v, size_t width) {
  if (w->little_out == HOST_LITTLE && width == sizeof v) {
    memcpy(w->out + w->made, &v, sizeof v);
    w->made += width;
    return;
  }
  for (size_t k = 0; k < width; k++)
    w->out[w->made + k] = (uint8_t)(v >> 8 * (w->little_out ? k : width - 1 - k));
  w->made += width;
}

static bool copy_count(walk *w, uint32_t *n) {
  if (w->n - w->at < sizeof *n) return too_short(w);
  *n = (uint32_t)take(w, sizeof *n);
  put(w, *n, sizeof *n);
  return true;
}

/* The empty point may have no numbers. */
static bool copy_point(walk *w, int dimensions, bool may_be_empty, double *x) {
  size_t start = w->at;
  for (int k = 0; k < dimensions; k++) {
    if (w->n - w->at < sizeof *x) return too_short(w);
    uint64_t bits = take(w, sizeof bits);
    memcpy(&x[k], &bits, sizeof bits);
    put(w, bits, sizeof bits);
    if (isinf(x[k]) || (isnan(x[k]) && !may_be_empty))
      return fail(w, "Invalid coordinate value found", w->at - sizeof bits);
  }
  bool off = fabs(x[0]) > 180 || fabs(x[1]) > 90;
  return w->earth && off ? fail(w, "Invalid coordinate value found", start) : true;
}

static bool copy_line(walk *w, int dimensions) {
  size_t start = w->at;
  uint32_t n;
  double x[MAX_DIMENSIONS];
  if (!copy_count(w, &n)) return false;
  if (n == 1) return fail(w, "Too few points in linestring", start);
  for (uint32_t i = 0; i < n; i++)
    if (!copy_point(w, dimensions, false, x)) return false;
  return true;
}

static bool copy_ring(walk *w, int dimensions) {
  size_t start = w->at;
  uint32_t n;
  double first[MAX_DIMENSIONS] = {0}, x[MAX_DIMENSIONS] = {0};
  if (!copy_count(w, &n)) return false;
  for (uint32_t i = 0; i < n; i++)
    if (!copy_point(w, dimensions, false, i ? x : first)) return false;
  if (n < 4) return fail(w, "Too few points in ring", start);
  for (int k = 0; k < dimensions; k++)
    if (first[k] != x[k]) return fail(w, "Ring is not closed", start);
  return true;
}

static bool copy_shape(walk *w, int depth, uint32_t dimensions_of, uint32_t *kind);

/* Shapes below another have its dimensions, and are of the kind that it consists of. */
static bool copy_parts(walk *w, int depth, uint32_t type) {
  static const char *const wrong[] = {[POINTS] = "Expected Point in MultiPoint",
                                      [LINES] = "Expected LineString in MultiLineString",
                                      [POLYGONS] = "Expected Polygon in MultiPolygon"};
  uint32_t n, kind = type % 1000, part;
  if (depth > MAX_DEPTH) return fail(w, "Shapes are nested too deep", w->at);
  if (!copy_count(w, &n)) return false;
  for (uint32_t i = 0; i < n; i++) {
    if (!copy_shape(w, depth + 1, type, &part)) return false;
    if (kind != SHAPES && part != kind - 3) return fail(w, wrong[kind], w->at);
  }
  return true;
}

static bool copy_body(walk *w, int depth, uint32_t type) {
  static const int count[] = {2, 3, 3, 4};
  int dimensions = count[type / 1000];
  double x[MAX_DIMENSIONS];
  uint32_t rings;
  switch (type % 1000) {
  case POINT: return copy_point(w, dimensions, true, x);
  case LINE: return copy_line(w, dimensions);
  case POLYGON:
    if (!copy_count(w, &rings)) return false;
    for (; rings; rings--)
      if (!copy_ring(w, dimensions)) return false;
    return true;
  default: return copy_parts(w, depth, type);
  }
}

static bool copy_order(walk *w) {
  char text[64];
  if (w->at >= w->n) return too_short(w);
  uint8_t order = w->in[w->at];
  if (order > 1) {
    snprintf(text, sizeof text, "Invalid byte order %d", (int8_t)order);
    return fail(w, text, w->at);
  }
  w->at++;
  w->little = order == 1;
  w->out[w->made++] = w->little_out;
  return true;
}

/* parent: the type of the shape that this one is in; 0: none. */
static bool copy_shape(walk *w, int depth, uint32_t parent, uint32_t *kind) {
  char text[64];
  bool little = w->little;
  if (!copy_order(w)) return false;
  if (w->n - w->at < sizeof(uint32_t)) return too_short(w);
  uint32_t type = (uint32_t)take(w, sizeof type);
  bool known = type % 1000 >= POINT && type % 1000 <= SHAPES && type / 1000 <= 3;
  if (!known || (parent && type / 1000 != parent / 1000)) {
    snprintf(text, sizeof text, "Invalid or unsupported type %d", (int32_t)type);
    return fail(w, text, w->at - sizeof type);
  }
  put(w, type, sizeof type);
  *kind = type % 1000;
  bool done = copy_body(w, depth, type);
  w->little = little;
  return done;
}

bool mill_wkb_copy(const char *in, size_t n, bool earth, bool little, char *out, size_t *made,
                   mill_wkb_fault *fault) {
  walk w = {.in = (const uint8_t *)in,
            .n = n,
            .earth = earth,
            .little_out = little,
            .out = (uint8_t *)out,
            .fault = fault};
  uint32_t kind;
  if (n == 0) return fail(&w, "WKB data is empty or null", 0);
  if (n < 1 + sizeof(uint32_t)) return too_short(&w);
  if (!copy_shape(&w, 0, 0, &kind)) return false;
  *made = w.made;
  return true;
}

/* ---- reference systems ---------------------------------------------------------------------- */

typedef struct srids {
  int32_t first, last;
  bool earth;
} srids;

#define MILL_SRIDS(FIRST, LAST, EARTH) {FIRST, LAST, EARTH},
static const srids known[] = {
#include "base/srid.def"
};
#undef MILL_SRIDS

bool mill_srid_known(int64_t srid, bool earth) {
  size_t low = 0, high = sizeof known / sizeof *known;
  if (srid == 0) return !earth;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (known[mid].last < srid)
      low = mid + 1;
    else
      high = mid;
  }
  bool found = low < sizeof known / sizeof *known && known[low].first <= srid;
  return found && (known[low].earth || !earth);
}

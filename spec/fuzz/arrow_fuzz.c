/* Arrow: by the first byte the rest is a file or a stream of the IPC format (which of both, its own
** first bytes say), or a schema of the C data interface, told by lines: a digit for the number of
** children, a digit for the flags (7: the next line is its dictionary), the format. The array that
** comes with it has no rows. */
#include <string.h>

#include "column/arrow_c.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the C data interface ------------------------------------------------------------------- */

enum { NODES = 300, BUFFERS = 3 };

static struct ArrowSchema schema[NODES];
static struct ArrowArray array[NODES];
static const void *buffers[BUFFERS]; /* no rows have no bytes */
static int nodes, given;             /* nodes so far, arrays handed out */
static char *line;

static void schema_release(struct ArrowSchema *s) { s->release = NULL; }
static void array_release(struct ArrowArray *a) { a->release = NULL; }
static void stream_release(struct ArrowArrayStream *s) { s->release = NULL; }
static const char *stream_error(struct ArrowArrayStream *s) { return s ? NULL : "none"; }

static int stream_schema(struct ArrowArrayStream *s, struct ArrowSchema *out) {
  *out = *(struct ArrowSchema *)s->private_data;
  return 0;
}

static int stream_next(struct ArrowArrayStream *s, struct ArrowArray *out) {
  (void)s;
  *out = given++ ? (struct ArrowArray){0} : array[0];
  return 0;
}

/* The next line's node with all below it; false: no line is left. */
static bool plant(int depth) {
  if (line == NULL || nodes == NODES || depth > 250) return false;
  char *at = line, *end = strchr(at, '\n');
  int me = nodes++, want = strlen(at) > 2 ? (unsigned char)at[0] % 8 : 0, n = 0;
  int first = me + 1;
  if (end) *end = 0;
  line = end ? end + 1 : NULL;
  schema[me] = (struct ArrowSchema){.format = strlen(at) > 2 ? at + 2 : "i",
                                    .name = "n",
                                    .flags = strlen(at) > 1 ? (unsigned char)at[1] % 8 : 0,
                                    .release = schema_release};
  array[me] =
      (struct ArrowArray){.n_buffers = BUFFERS, .buffers = buffers, .release = array_release};
  bool dictionary = schema[me].flags == 7 && plant(depth + 1);
  if (dictionary) {
    schema[me].dictionary = &schema[first];
    array[me].dictionary = &array[first];
  }
  static struct ArrowSchema *children[NODES][8];
  static struct ArrowArray *arrays[NODES][8];
  for (int next = nodes; n < want && plant(depth + 1); n++, next = nodes) {
    children[me][n] = &schema[next];
    arrays[me][n] = &array[next];
  }
  schema[me].children = children[me];
  array[me].children = arrays[me];
  schema[me].n_children = array[me].n_children = n;
  return true;
}

static void import(const uint8_t *data, size_t size) {
  static char text[1 << 16];
  static const mill_files files;
  mill_error err;
  fuzz_result out = {0};
  mill_scan *s = NULL;
  if (size >= sizeof text) return;
  memcpy(text, data, size);
  text[size] = 0;
  line = text;
  nodes = given = 0;
  (void)plant(0);
  struct ArrowArrayStream in = {stream_schema, stream_next, stream_error, stream_release, schema};
  mill_memory *m = mill_memory_new(FUZZ_MEMORY);
  mill_types *types = mill_types_new(m);
  mill_zones *zones = mill_zones_new(m);
  mill_context ctx = {.memory = m, .types = types, .files = &files, .zones = zones};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_error_clear(&err);
  out.status = mill_arrow_import(&ctx, &set, false, NULL, &in, &s, &err);
  if (out.status == MILL_OK) out.status = fuzz_scan(s, &ctx, &out, &err);
  mill_scan_unref(s);
  mill_types_free(types);
  mill_zones_free(zones);
  if (in.release || mill_memory_read(m).used != 0 || out.status == MILL_E_OUT_OF_MEMORY) abort();
  mill_memory_free(m);
}

/* ---- files ---------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  unsigned way = data[0];
  if (way & 1) {
    import(data + 1, size - 1);
    return 0;
  }
  const mill_field fields[] = {{"i", mill_type_of(MILL_BIGINT), true, NULL},
                               {"s", mill_type_of(MILL_BINARY), true, NULL},
                               {"v", mill_type_of(MILL_TIMESTAMP_NTZ), true, NULL},
                               {"x", mill_type_of(MILL_DOUBLE), true, NULL}};
  fuzz_job job = {.format = "arrow", .path = fuzz_file(data + 1, size - 1)};
  if (way & 2) {
    job.fields = fields;
    job.nfields = sizeof fields / sizeof *fields;
  }
  if (fuzz_run(&job).status == MILL_E_OUT_OF_MEMORY) abort();
  return 0;
}

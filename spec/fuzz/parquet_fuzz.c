/* Parquet: the first byte chooses options, schema and whether a filter is pushed down, the rest is the
** file. Pages' checksums are not looked at in this build (io/parquet_page.c), so that what is behind
** them is reached. A small file may not ask for much memory: what it says of itself is checked against
** its size before room is made. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned way;

/* One test on each column that has values of its kind at hand. */
static mill_status narrow(mill_scan **s, mill_error *err) {
  static const int32_t i32 = 3;
  static const int64_t i64 = 1;
  static const double f64 = 0.5;
  static mill_test test[FUZZ_COLUMNS];
  static mill_vector value[FUZZ_COLUMNS];
  mill_str text = mill_str_view("b", 1);
  int n = 0;
  for (uint32_t k = 0; k < (*s)->schema->nfields && n < 8; k++) {
    const mill_type *t = (*s)->schema->fields[k].type;
    const void *at = t->phys == MILL_PHYS_I32   ? (const void *)&i32
                     : t->phys == MILL_PHYS_I64 ? (const void *)&i64
                     : t->phys == MILL_PHYS_F64 ? (const void *)&f64
                     : t->phys == MILL_PHYS_STR ? (const void *)&text
                                                : NULL;
    value[n] = (mill_vector){.type = t, .data = (void *)at, .size = 1};
    test[n] = (mill_test){.kind = way & 8 ? MILL_TEST_EQUAL : MILL_TEST_GREATER,
                          .column = (int)k,
                          .n = 1,
                          .value = &value[n]};
    if (at == NULL || way & 16)
      test[n] =
          (mill_test){.kind = way & 8 ? MILL_TEST_IS_NULL : MILL_TEST_NOT_NULL, .column = (int)k};
    n++;
  }
  mill_scan *few = NULL;
  if ((*s)->narrow == NULL || n == 0) return MILL_OK;
  MILL_TRY((*s)->narrow(*s, test, n, NULL, &few, err));
  mill_scan_unref(*s);
  *s = few;
  return MILL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  way = data[0];
  const mill_field fields[] = {{"a", mill_type_of(MILL_BIGINT), true, NULL},
                               {"b", mill_type_of(MILL_STRING), true, NULL},
                               {"c", mill_type_of(MILL_DOUBLE), true, NULL},
                               {"id", mill_type_of(MILL_BIGINT), true, NULL},
                               {"i", mill_type_of(MILL_BIGINT), true, NULL},
                               {"s", mill_type_of(MILL_BINARY), true, NULL},
                               {"x", mill_type_of(MILL_DOUBLE), true, NULL},
                               {"v", mill_type_of(MILL_TIMESTAMP_NTZ), true, NULL}};
  const char *rebase = way & 1 ? "LEGACY" : "CORRECTED";
  const mill_option o[] = {{"datetimeRebaseMode", rebase},
                           {"int96RebaseMode", rebase},
                           {"mergeSchema", way & 2 ? "true" : "false"}};
  fuzz_job job = {.format = "parquet", .path = fuzz_file(data + 1, size - 1), .options = {o, 3}};
  if (way & 32) {
    job.fields = fields;
    job.nfields = sizeof fields / sizeof *fields;
  }
  if (way & 4) job.narrow = narrow;
  if (fuzz_run(&job).status == MILL_E_OUT_OF_MEMORY) abort();
  return 0;
}

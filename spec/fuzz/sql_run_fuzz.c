/* SQL run: the bytes are a statement over the small views `t` (a column of each kind) and `u`. It ends with
** rows or an error, within the session's memory and a number of polls; a failed one can be run again. */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const views[] = {
    "CREATE TEMP VIEW u AS VALUES (1, 'a'), (2, 'b'), (2, NULL), (NULL, 'c') AS u(id, name)",
    "CREATE TEMP VIEW t AS SELECT i, CAST(i AS BIGINT) * 3000000000 l, i / 3 d, CAST(i / 7 AS "
    "DECIMAL(20,6)) m, s, i > 1 b, date_add(DATE'2024-02-27', i) dt, TIMESTAMP'2024-02-29 "
    "01:02:03' "
    "+ make_dt_interval(i) ts, TIMESTAMP_NTZ'1969-12-31 23:59:59.5' n, encode(s, 'UTF-8') x, "
    "array(i, NULL, 3) a, map(s, i) mp, named_struct('p', i, 'q', s) st, "
    "parse_json('[1,{\"k\":2}]') "
    "v, TIME'12:34:56.789' tm, INTERVAL '1-2' YEAR TO MONTH ym "
    "FROM VALUES (0, 'a,b'), (1, '{\"a\":1}'), (2, '<r><a>1</a></r>'), (3, '2024-02-29 10:00:00'), "
    "(-4, ''), (5, 'x') q(i, s)"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mill_error err;
  mill_session *s = fuzz_session();
  mill_error_clear(&err);
  for (size_t i = 0; i < sizeof views / sizeof *views; i++)
    if (fuzz_statement(s, views[i], strlen(views[i]), &err) != MILL_OK) abort();
  fuzz_polls = 0;
  mill_status status = fuzz_statement(s, (const char *)data, size, &err);
  if (status != MILL_OK && *mill_error_message(&err) == '\0') abort();
  if (mill_memory_read(mill_session_memory(s)).peak > FUZZ_SESSION_MEMORY) abort();
  mill_session_close(s);
  mill_session_unref(s);
  return 0;
}

/* JSON: the first byte chooses the options, the rest is the file. Without tokens or, when comments are
** allowed and the text holds none, with them: the rows must be the same. */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  unsigned way = data[0];
  const char *path = fuzz_file(data + 1, size - 1);
  const mill_field fields[] = {{"a", mill_type_of(MILL_STRING), true, NULL},
                               {"b", mill_type_of(MILL_BIGINT), true, NULL},
                               {"c", mill_type_of(MILL_DOUBLE), true, NULL},
                               {"d", mill_type_of(MILL_TIMESTAMP), true, NULL},
                               {"e", mill_type_of(MILL_BOOLEAN), true, NULL},
                               {"_corrupt_record", mill_type_of(MILL_STRING), true, NULL}};
  mill_option o[] = {{"mode", way & 1 ? "DROPMALFORMED" : "PERMISSIVE"},
                     {"multiLine", way & 2 ? "true" : "false"},
                     {"allowSingleQuotes", way & 4 ? "true" : "false"},
                     {"allowNumericLeadingZeros", way & 8 ? "true" : "false"},
                     {"allowUnquotedControlChars", way & 16 ? "true" : "false"},
                     {"maxNestingDepth", way & 64 ? "4" : "1000"},
                     {"allowComments", "true"}};
  int n = sizeof o / sizeof *o;
  uint32_t nfields = way & 32 ? 0 : 6;
  fuzz_result quick = fuzz_read("json", path, (mill_options){o, n - 1}, fields, nfields);
  if (memchr(data + 1, '/', size - 1) == NULL)
    fuzz_agree(quick, fuzz_read("json", path, (mill_options){o, n}, fields, nfields));
  return 0;
}

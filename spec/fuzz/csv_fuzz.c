/* CSV: the first byte chooses the options, the rest is the file. The fast scan and the scalar machine,
** which maxCharsPerColumn asks for, must agree. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  unsigned way = data[0];
  const char *path = fuzz_file(data + 1, size - 1);
  const mill_field fields[] = {{"a", mill_type_of(MILL_STRING), true, NULL},
                               {"b", mill_type_of(MILL_INT), true, NULL},
                               {"c", mill_type_of(MILL_DOUBLE), true, NULL},
                               {"d", mill_type_of(MILL_TIMESTAMP), true, NULL},
                               {"e", mill_type_of(MILL_STRING), true, NULL},
                               {"_corrupt_record", mill_type_of(MILL_STRING), true, NULL}};
  mill_option o[] = {{"multiLine", way & 1 ? "true" : "false"},
                     {"escape", way & 2 ? "\"" : "\\"},
                     {"header", way & 4 ? "true" : "false"},
                     {"mode", way & 8 ? "DROPMALFORMED" : "PERMISSIVE"},
                     {"inferSchema", "true"},
                     {way & 16 ? "comment" : "locale", way & 16 ? "#" : "en-US"},
                     {way & 64 ? "lineSep" : "nanValue", way & 64 ? "\n" : "NaN"},
                     {"maxCharsPerColumn", "1000000000"}};
  int n = sizeof o / sizeof *o;
  uint32_t nfields = way & 32 ? 0 : 6;
  fuzz_result fast = fuzz_read("csv", path, (mill_options){o, n - 1}, fields, nfields);
  fuzz_agree(fast, fuzz_read("csv", path, (mill_options){o, n}, fields, nfields));
  return 0;
}

/* Random numbers against those of Spark's XORShiftRandom and java.util.Random. */
#include "../check.h"

#include "base/xorshift.h"

int main(void) {
  /* new java.util.Random(42): nextInt() twice; new Random(0): nextLong() */
  mill_java_random j = mill_java_random_new(42);
  CHECK(mill_java_random_int(&j) == -1170105035 && mill_java_random_int(&j) == 234785527);
  j = mill_java_random_new(0);
  CHECK(mill_java_random_long(&j) == -4962768465676381896ll);
  j = mill_java_random_new(42); /* nextInt(10): 0, 3, 8 */
  CHECK(mill_java_random_below(&j, 10) == 0 && mill_java_random_below(&j, 10) == 3 &&
        mill_java_random_below(&j, 10) == 8);
  j = mill_java_random_new(42);
  CHECK(mill_java_random_double(&j) == 0.7275636800328681);
  /* SELECT rand(0) of one partition: 0.7604953758285915 in Spark */
  mill_xorshift x = mill_xorshift_new(0);
  CHECK(mill_xorshift_double(&x) == 0.7604953758285915, "%.17g", mill_xorshift_double(&x));
  return check_done();
}

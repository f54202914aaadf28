/* The digits of floating-point numbers as Java up to 18 prints them.
**
** Spark's texts of FLOAT and DOUBLE are those of the JVM that it runs on. Up to Java 18 these are not always
** the shortest ones that read back as the same value (JDK-4511638, mended in Java 19): 2^31 as a float is
** 2.14748365E9, the smallest double 4.9E-324. The digits come from Steele and White's free-format
** algorithm ("How to print floating-point numbers accurately", 1990) with the JDK's own choices. */
#ifndef MILL_BASE_JAVA_DIGITS_H
#define MILL_BASE_JAVA_DIGITS_H

enum { MILL_JAVA_DIGITS = 24 };

/* d finite and above 0. Returns how many digits there are; value = 0.d1d2.. * 10^exponent. */
int mill_double_digits(double d, char digits[MILL_JAVA_DIGITS], int *exponent);
int mill_float_digits(float f, char digits[MILL_JAVA_DIGITS], int *exponent);

#endif

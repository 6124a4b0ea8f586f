/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ground floor: growing strings, messages, numbers for people. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/number.h"
#include "elbow/status.h"

static void test_buf(void **state)
{
	(void)state;
	struct buf b = {0};
	char *empty = buf_take(&b);
	assert_string_equal(empty, "");
	free(empty);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i % 10);
	buf_putc(&b, '!');
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 2004);
	assert_memory_equal(b.s + 2000, "!a\0b", 5);
	buf_free(&b);
	assert_null(b.s);
}

static void test_messages(void **state)
{
	(void)state;
	struct em_err err = {0};
	assert_int_equal(em_fail(NULL, EM_IO, "nobody listens"), EM_IO);
	assert_int_equal(em_fail(&err, EM_INPUT, "%s", "red \033[31m and \xc2\x9b"
	                                               "31m, tab\t, bell\a"),
	                 EM_INPUT);
	assert_string_equal(err.msg, "red ?[31m and ??31m, tab?, bell?");
	char *longest = malloc(2001);
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(longest + i, "é", 2);
	longest[2000] = '\0';
	for (int shift = 0; shift < 4; shift++) { /* cut between characters, whatever the parity */
		em_fail(&err, EM_IO, "%.*s%s", shift, "xyz", longest);
		size_t n = strlen(err.msg);
		assert_true(n < sizeof err.msg);
		assert_string_equal(err.msg + n - 3, "...");
		assert_int_equal((n - 3 - (size_t)(shift < 3 ? shift : 3)) % 2, 0);
	}
	free(longest);
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		double x;
		int decimals;
		const char *plain, *with_sign;
	} fixed[] = {
		{-37118.44, 1, "−37 118.4", "−37 118.4"}, {85.4, 1, "85.4", "+85.4"},       {1234567, 0, "1 234 567", "+1 234 567"},
		{-0.0, 2, "0.00", "+0.00"},              {-0.001, 2, "0.00", "+0.00"},     {9999.5, 1, "9 999.5", "+9 999.5"},
		{12345.678, 2, "12 345.68", "+12 345.68"}, {NAN, 1, "unknown", "unknown"}, {INFINITY, 1, "∞", "∞"},
		{-INFINITY, 1, "−∞", "−∞"},
	};
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		assert_string_equal(number_fixed(fixed[i].x, fixed[i].decimals).s, fixed[i].plain);
		assert_string_equal(number_signed(fixed[i].x, fixed[i].decimals).s, fixed[i].with_sign);
	}
	assert_string_equal(number_short(0.0031234, 3).s, "0.00312");
	assert_string_equal(number_short(4.21e-05, 2).s, "4.2e-05");
	assert_string_equal(number_short(-123456, 3).s, "−123 456");
	assert_string_equal(number_short(0, 3).s, "0");
	assert_string_equal(number_short(1e20, 3).s, "1.00e+20");
	assert_string_equal(number_count(6981).s, "6 981");
	assert_string_equal(number_count(12040).s, "12 040");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

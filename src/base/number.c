/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"

/* Copies plain ("-37118.4") with a true minus and a blank between groups of three digits. */
static struct number group(const char *plain, bool sign)
{
	struct number out = {""};
	bool negative = plain[0] == '-';
	plain += negative;
	if (negative && strpbrk(plain, "123456789"))
		strcpy(out.s, MINUS);
	else if (sign)
		strcpy(out.s, "+");
	size_t digits = strspn(plain, "0123456789"), at = strlen(out.s);
	for (size_t i = 0; plain[i] && at + 2 < sizeof out.s; i++) {
		if (i > 0 && i < digits && digits > 3 && (digits - i) % 3 == 0)
			out.s[at++] = ' ';
		out.s[at++] = plain[i];
	}
	out.s[at] = '\0';
	return out;
}

static struct number fixed(double x, int decimals, bool sign)
{
	char plain[48];
	if (isnan(x))
		return (struct number){"unknown"};
	if (isinf(x))
		return x > 0 ? (struct number){"∞"} : (struct number){MINUS "∞"};
	if (fabs(x) >= 1e15)
		return number_short(x, 6);
	snprintf(plain, sizeof plain, "%.*f", decimals, x);
	return group(plain, sign);
}

struct number number_fixed(double x, int decimals)
{
	return fixed(x, decimals, false);
}

struct number number_signed(double x, int decimals)
{
	return fixed(x, decimals, true);
}

struct number number_short(double x, int digits)
{
	if (!isfinite(x))
		return fixed(x, 0, false);
	double size = fabs(x);
	char plain[48];
	if (size == 0)
		return (struct number){"0"};
	if (size < 1e-4 || size >= 1e15) {
		snprintf(plain, sizeof plain, "%.*e", digits > 1 ? digits - 1 : 0, x);
		return group(plain, false);
	}
	int whole = size < 1 ? 0 : (int)floor(log10(size)) + 1, decimals = digits - whole;
	if (size > 0 && size < 1)
		decimals = digits - 1 - (int)floor(log10(size));
	snprintf(plain, sizeof plain, "%.*f", decimals < 0 ? 0 : decimals, x);
	return group(plain, false);
}

struct number number_count(size_t n)
{
	char plain[32];
	snprintf(plain, sizeof plain, "%zu", n);
	return group(plain, false);
}

struct number number_about(struct number x, bool doubtful)
{
	struct number out;
	snprintf(out.s, sizeof out.s, "~%.*s%s", (int)sizeof out.s - 3, x.s, doubtful ? "?" : "");
	return out;
}

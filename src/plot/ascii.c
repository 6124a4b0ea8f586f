/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/ascii.h"

#include <stddef.h>
#include <string.h>
#include <uninorm.h>

/* In the order of code points, for the bisection below. */
static const struct {
	uint32_t code;
	const char *s;
} table[] = {
    {0x00a0, " "}, {0x00a3, "GBP"}, {0x00a7, "S."}, {0x00a9, "(c)"}, {0x00ab, "<<"}, {0x00ac, "!"}, {0x00ae, "(r)"},
    {0x00b0, "o"}, {0x00b1, "+-"}, {0x00b2, "2"}, {0x00b3, "3"}, {0x00b5, "u"}, {0x00b7, "."}, {0x00b9, "1"},
    {0x00bb, ">>"}, {0x00c6, "AE"}, {0x00d7, "x"}, {0x00d8, "O"}, {0x00df, "ss"}, {0x00e6, "ae"}, {0x00f7, "/"},
    {0x00f8, "o"}, {0x0131, "i"}, {0x0141, "L"}, {0x0142, "l"}, {0x0152, "OE"}, {0x0153, "oe"}, {0x0393, "Gamma"},
    {0x0394, "Delta"}, {0x0398, "Theta"}, {0x039b, "Lambda"}, {0x03a0, "prod"}, {0x03a3, "Sum"}, {0x03a6, "Phi"},
    {0x03a8, "Psi"}, {0x03a9, "Omega"}, {0x03b1, "alpha"}, {0x03b2, "beta"}, {0x03b3, "gamma"}, {0x03b4, "delta"},
    {0x03b5, "eps"}, {0x03b6, "zeta"}, {0x03b7, "eta"}, {0x03b8, "theta"}, {0x03ba, "kappa"}, {0x03bb, "lambda"},
    {0x03bc, "mu"}, {0x03bd, "nu"}, {0x03be, "xi"}, {0x03c0, "pi"}, {0x03c1, "rho"}, {0x03c3, "sigma"}, {0x03c4, "tau"},
    {0x03c6, "phi"}, {0x03c7, "chi"}, {0x03c8, "psi"}, {0x03c9, "omega"}, {0x2010, "-"}, {0x2011, "-"}, {0x2012, "-"},
    {0x2013, "-"}, {0x2014, "--"}, {0x2016, "||"}, {0x2018, "'"}, {0x2019, "'"}, {0x201a, ","}, {0x201c, "\""},
    {0x201d, "\""}, {0x201e, "\""}, {0x2020, "+"}, {0x2022, "*"}, {0x2026, "..."}, {0x202f, " "}, {0x2032, "'"},
    {0x2039, "<"}, {0x203a, ">"}, {0x2044, "/"}, {0x2070, "0"}, {0x2074, "4"}, {0x2075, "5"}, {0x2076, "6"},
    {0x2077, "7"}, {0x2078, "8"}, {0x2079, "9"}, {0x207b, "-"}, {0x207f, "n"}, {0x2080, "0"}, {0x2081, "1"},
    {0x2082, "2"}, {0x2083, "3"}, {0x2084, "4"}, {0x20ac, "EUR"}, {0x2113, "l"}, {0x2190, "<-"}, {0x2191, "^"},
    {0x2192, "->"}, {0x2193, "v"}, {0x2194, "<->"}, {0x21b5, "RET"}, {0x21d2, "=>"}, {0x2202, "d"}, {0x2206, "Delta"},
    {0x2207, "grad"}, {0x2208, "in"}, {0x220f, "prod"}, {0x2211, "sum"}, {0x2212, "-"}, {0x221a, "sqrt"}, {0x221d, "~"},
    {0x221e, "inf"}, {0x2225, "||"}, {0x2248, "~"}, {0x2260, "!="}, {0x2264, "<="}, {0x2265, ">="}, {0x226a, "<<"},
    {0x226b, ">>"}, {0x22c5, "."}, {0x22ef, "..."}, {0x25a0, "#"}, {0x25a1, "o"}, {0x25b2, "^"}, {0x25b3, "^"},
    {0x25b6, ">"}, {0x25b8, ">"}, {0x25ba, ">"}, {0x25bc, "v"}, {0x25bd, "v"}, {0x25be, "v"}, {0x25c0, "<"},
    {0x25c2, "<"}, {0x25c4, "<"}, {0x25c6, "*"}, {0x25c7, "o"}, {0x25cb, "o"}, {0x25cf, "o"}, {0x2605, "*"},
    {0x2713, "+"}, {0x2717, "x"},
};

static const char *drawing(uint32_t code)
{
	if (code == 0x2502 || code == 0x2503 || code == 0x2551 || code == 0x2506 || code == 0x250a)
		return "|";
	if (code == 0x2500 || code == 0x2501 || code == 0x2550 || code == 0x2504 || code == 0x2508 || code == 0x254c)
		return "-";
	if (code == 0x2571 || code == 0x2572)
		return code == 0x2571 ? "/" : "\\";
	if (code >= 0x2500 && code < 0x2580)
		return "+";
	if (code == 0x2591)
		return ".";
	if (code == 0x2592)
		return ":";
	if (code == 0x2593)
		return "=";
	if (code == 0x2581 || code == 0x2582)
		return "_";
	if (code == 0x258e || code == 0x258f)
		return "|";
	if (code >= 0x2580 && code < 0x25a0)
		return "#";
	if (code >= 0x2800 && code < 0x2900)
		return code == 0x2800 ? " " : "*";
	return NULL;
}

/* The letter under the accents, 0 when it is not ASCII. */
static char base_letter(uint32_t code)
{
	for (int depth = 0; depth < 4 && code >= 0x80; depth++) {
		ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
		int n = uc_canonical_decomposition(code, parts);
		if (n <= 0)
			return '\0';
		code = parts[0];
	}
	return code >= 0x20 && code < 0x7f ? (char)code : '\0';
}

struct ascii ascii_of(uint32_t code)
{
	struct ascii out = {"?"};
	if (code >= 0x20 && code < 0x7f) {
		out.s[0] = (char)code;
		return out;
	}
	const char *s = drawing(code);
	size_t lo = 0, hi = sizeof table / sizeof *table;
	while (!s && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (table[mid].code == code)
			s = table[mid].s;
		else if (table[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (s)
		memcpy(out.s, s, strlen(s) + 1);
	else if (base_letter(code))
		out.s[0] = base_letter(code);
	return out;
}
